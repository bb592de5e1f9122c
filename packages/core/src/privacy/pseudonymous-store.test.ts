import { describe, expect, it } from 'vitest';
import { memoryStore } from '../ports/memory-store.ts';
import type { RecordWrite } from '../ports/state-store.ts';
import { pseudonymousStore } from './pseudonymous-store.ts';

const secret = () => 'a secret of thirty-two characters';
const write = (key: string, rest: Partial<RecordWrite> = {}): RecordWrite => ({
  key,
  expected: null,
  body: '{"s":1}',
  due: null,
  tags: {},
  ...rest,
});

function start() {
  const inner = memoryStore();
  const store = pseudonymousStore(inner, { secret });
  const raw = () => JSON.stringify(inner.snapshot());
  return { inner, store, raw };
}

describe('pseudonymousStore', () => {
  it('names subjects and tags to nobody but whoever reads the record', async () => {
    const { store, inner } = start();
    await store.save([write('person/ada@x.org', { due: 5, tags: { mail: 'ada@x.org' } })]);
    const keys = [...inner.entries().keys()];
    const tags = inner.snapshot().entries.map((entry) => entry.tags);
    expect(keys).toEqual([expect.stringMatching(/^person\/[a-z2-7]{32}$/)]);
    expect(JSON.stringify([keys, tags])).not.toContain('ada');
    expect(await store.load(['person/ada@x.org', 'person/bo'])).toMatchObject([
      { key: 'person/ada@x.org', body: '{"s":1}' },
      undefined,
    ]);
    expect(await store.due({ before: 9, limit: 9 })).toEqual({ keys: ['person/ada@x.org'] });
    const tagged = { handler: 'person', tag: 'mail', value: 'ada@x.org', limit: 9 };
    expect(await store.query(tagged)).toEqual({ keys: ['person/ada@x.org'] });
    expect(await store.query({ ...tagged, value: 'bo' })).toEqual({ keys: [] });
  });

  it('leaves a tombstone that holds a keyed hash, and refuses what is older', async () => {
    const { store, raw } = start();
    await store.save([write('person/ada@x.org')]);
    const [{ version = '' } = {}] = await store.load(['person/ada@x.org']);
    const tombstone = write('person/ada@x.org', { expected: version, body: '{"erased":true}' });
    expect(await store.erase([tombstone])).toMatchObject([{ outcome: 'saved' }]);
    expect(raw()).not.toContain('ada');
    expect(await store.save([write('person/ada@x.org')])).toEqual([{ outcome: 'conflict' }]);
  });

  it('keeps keys of other secrets apart, and takes no short one', async () => {
    const { inner, store } = start();
    await store.save([write('person/ada')]);
    const other = pseudonymousStore(inner, { secret: () => `another ${secret()}` });
    expect(await other.load(['person/ada'])).toEqual([undefined]);
    const short = pseudonymousStore(inner, { secret: () => 'short' });
    await expect(short.load(['person/ada'])).rejects.toMatchObject({ field: 'secret' });
  });

  it('tells of a record that was written without it', async () => {
    const { inner, store } = start();
    await inner.save([write('person/ada', { due: 1 })]);
    await expect(store.due({ before: 9, limit: 9 })).rejects.toMatchObject({
      code: 'invalid-state',
      message: expect.not.stringContaining('ada'),
    });
  });
});
