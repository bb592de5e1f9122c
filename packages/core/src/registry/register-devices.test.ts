import { describe, expect, it } from 'vitest';
import { defineApp, HearthError, read, type Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';
import { defineRegistry, proofOf, registerDevices, type RegisterOptions } from './index.ts';
import { fieldsOf } from './csv.ts';

const registry = defineRegistry({ tags: ['site'] });
const app = defineApp({ source: 'urn:acme', parts: [registry] });

function start() {
  const clock = { now: () => 0, sleep: async () => {}, within: () => Promise.reject() };
  const store = memoryStore();
  const runtime: Runtime = { store, publisher: memoryPublisher(), clock };
  const options: RegisterOptions = { name: 'may', format: 'csv', batch: 2 };
  const go = (lines: Iterable<string>, more: Partial<RegisterOptions> = {}) =>
    registerDevices(app, runtime, registry, lines, { ...options, ...more });
  const all = async (lines: Iterable<string>, more: Partial<RegisterOptions> = {}) => {
    const rejections: unknown[] = [];
    let last: object = {};
    for await (const { rejections: some, ...counts } of go(lines, more)) {
      rejections.push(...some);
      last = counts;
    }
    return { ...last, rejections };
  };
  const known = async (device: string) => (await read(runtime, registry.ref(device))).state;
  return { runtime, go, all, known };
}

const header = 'device,model,firmware,tag.site,groups,code';

describe('registerDevices', () => {
  it('registers what a CSV file lists', async () => {
    const { all, known } = start();
    const lines = [header, 'd1,lamp,1.0,vie,a;b,secret', '', 'd2,lamp,,,,', 'd3,"la,mp",,,,'];
    expect(await all(lines)).toEqual({
      lines: 5,
      registered: 3,
      existing: 0,
      rejected: 0,
      rejections: [],
    });
    expect(await known('d1')).toMatchObject({
      model: 'lamp',
      firmware: '1.0',
      tags: { site: 'vie' },
      groups: ['a', 'b'],
      proof: proofOf('d1', 'secret'),
      status: 'registered',
    });
    expect((await known('d3')).model).toBe('la,mp');
  });

  it('registers what JSON lines list', async () => {
    const { all, known } = start();
    const line = { device: 'd1', model: 'lamp', owner: 'ann', home: 'h1', status: 'active' };
    expect(await all([JSON.stringify(line)], { format: 'jsonl' })).toMatchObject({ registered: 1 });
    expect(await known('d1')).toMatchObject({ owner: 'ann', home: 'h1', status: 'active' });
  });

  it('says of each line that it rejects which it is, why, and which field is wrong', async () => {
    const { all } = start();
    const lines = [
      '{"device":"d1","model":"lamp"}',
      '{"device":"d1","model":"lock"}',
      '{"device":"d2"}',
      'no json',
      '[]',
      '{"device":7,"model":"lamp"}',
      '{"device":"d3","model":"lamp","tags":{"sight":"x"}}',
      '{"device":"d4","model":"lamp","colour":"red"}',
      '{"device":"d5","model":"lamp","code":"a","proof":"b"}',
      '{"device":"d6","model":"lamp","__proto__":{"owner":"eve"}}',
    ];
    const { rejections, ...counts } = await all(lines, { format: 'jsonl' });
    expect(counts).toEqual({ lines: 10, registered: 1, existing: 0, rejected: 9 });
    const seen = rejections as readonly Readonly<Record<string, unknown>>[];
    expect(seen.map(({ line, code, field }) => [line, code, field])).toEqual([
      [2, 'already-registered', undefined],
      [3, 'invalid-data', 'model'],
      [4, 'invalid-data', undefined],
      [5, 'invalid-data', undefined],
      [6, 'invalid-data', 'device'],
      [7, 'invalid-data', 'tags.sight'],
      [8, 'invalid-data', 'colour'],
      [9, 'invalid-data', 'code'],
      [10, 'invalid-data', '__proto__'],
    ]);
  });

  const many = [
    header,
    ...Array.from({ length: 9 }, (_, n) => (n === 4 ? 'bad' : `d${n},lamp,,,,`)),
  ];

  it.each([0, 1, 2, 3, 4])(
    'goes on after it was killed when %i batches were told',
    async (told) => {
      const { go, all } = start();
      const first = go(many);
      for (let n = 0; n < told; n += 1) await first.next();
      const { rejections, ...counts } = await all(many);
      expect(counts).toMatchObject({ lines: 10, rejected: 1 });
      const { registered, existing } = counts as Readonly<Record<string, number>>;
      expect((registered ?? 0) + (existing ?? 0)).toBe(8);
      // The batch whose progress was told last is told again, so no rejection is lost.
      expect(rejections).toHaveLength(told <= 3 ? 1 : 0);
    },
  );

  it('has nothing more to do for a file that is done, and counts what is there already', async () => {
    const { go, all } = start();
    await all(many);
    expect(await go(many).next()).toEqual({ done: true, value: undefined });
    expect(await all(many, { name: 'june' })).toMatchObject({ registered: 0, existing: 8 });
  });

  it('does not take another file for the one that it began', async () => {
    const { all } = start();
    await all(many);
    const other = [header, 'x,lamp,,,,'];
    await expect(all(other)).rejects.toMatchObject({ code: 'invalid-option', field: 'name' });
  });

  it.each([
    ['a column that is not known', 'device,model,colour', 'colour'],
    ['a column twice', 'device,model,model', 'model'],
    ['no device', 'model', 'device'],
    ['a tag without a name', 'device,model,tag.', 'tag.'],
  ])('refuses a header with %s', async (_, bad, field) => {
    await expect(start().all([bad])).rejects.toMatchObject({ code: 'invalid-option', field });
  });

  it.each([{ batch: 0 }, { batch: 1.5 }, { lanes: 65 }])('refuses %j', async (bad) => {
    await expect(start().all([], bad)).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('stops where the store does not answer, and goes on from there', async () => {
    const { runtime, all } = start();
    const error = new HearthError('store-unavailable', 'No.', { retryable: true });
    let saves = 0;
    const store = {
      ...runtime.store,
      save: (writes: Parameters<typeof runtime.store.save>[0]) => {
        saves += 1;
        return saves > 4 && saves < 40 ? Promise.reject(error) : runtime.store.save(writes);
      },
    };
    const broken = registerDevices(app, { ...runtime, store }, registry, many, {
      name: 'may',
      format: 'csv',
      batch: 2,
    });
    const run = async () => {
      for await (const _ of broken);
    };
    await expect(run()).rejects.toMatchObject({ retryable: true });
    expect(await all(many)).toMatchObject({ lines: 10, rejected: 1 });
  });

  it('listens to the lines before it looks how far it had come', async () => {
    const { runtime } = start();
    const seen: string[] = [];
    const store = {
      ...runtime.store,
      load: (keys: readonly string[]) => {
        seen.push('load');
        return runtime.store.load(keys);
      },
    };
    const lines = {
      [Symbol.iterator]() {
        seen.push('listen');
        return ['{}'][Symbol.iterator]();
      },
    };
    const options = { name: 'may', format: 'jsonl' } as const;
    await registerDevices(app, { ...runtime, store }, registry, lines, options).next();
    expect(seen.slice(0, 2)).toEqual(['listen', 'load']);
  });

  it('takes a file that begins with a byte order mark, as those of spreadsheets do', async () => {
    expect(await start().all([`\uFEFF${header}`, 'd1,lamp,,,,'])).toMatchObject({ registered: 1 });
  });

  it('keeps no code of a label', async () => {
    const { runtime, all } = start();
    await all([header, 'd1,lamp,,,,very-secret']);
    const { body = '' } = (await runtime.store.load(['hearth.registry/d1']))[0] ?? {};
    expect(body).toContain(proofOf('d1', 'very-secret'));
    expect(body).not.toContain('very-secret');
  });
});

describe('a line of CSV', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['a,,', ['a', '', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",', ['say "hi"', '']],
    ['"",x', ['', 'x']],
    ['""""', ['"']],
  ])('%s has its fields', (line, fields) => {
    expect(fieldsOf(line)).toEqual(fields);
  });

  it.each(['"a', 'a"b', '"a"b', 'x,"a""'])('%s is refused', (line) => {
    expect(() => fieldsOf(line)).toThrow(expect.objectContaining({ code: 'invalid-data' }));
  });
});
