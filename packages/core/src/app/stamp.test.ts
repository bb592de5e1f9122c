import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { hashState } from '../event/sha256.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent, type Draft, type Incoming } from '../model/event.ts';
import { defineApp } from './define-app.ts';
import { idOf, isoTime, maxDepth, recordHash, stamp, type Emitter } from './stamp.ts';

const told = defineEvent('told', z.object({ n: z.number() }));
const lock = defineDevice({
  type: 'lock',
  state: z.object({ open: z.boolean() }),
  initial: { open: false },
  commands: { unlock: { data: z.object({}), expiresMs: 5_000 } },
});
const app = defineApp({ source: 'urn:acme', parts: [lock, told] });

const cause: Incoming = {
  specversion: '1.0',
  id: 'c1',
  source: 'urn:t1',
  type: 'asked',
  subject: 'a',
  data: null,
};
const mark = hashState('urn:acme', 'n');
const emitter = (more: Partial<Emitter> = {}): Emitter => ({
  app,
  mark,
  subject: 'a',
  cause,
  now: 0,
  record: 'r',
  ...more,
});
const caused = (more: Partial<Incoming>) => emitter({ cause: { ...cause, ...more } });
const draft = told('b', { n: 1 });
const stamped = (by: Emitter, of: Draft = draft) => stamp(by, of, 'id', isoTime(0), 7);

describe('stamp', () => {
  it('makes an event of a draft', () => {
    expect(stamped(emitter())).toEqual({
      specversion: '1.0',
      id: 'id',
      source: 'urn:acme',
      type: 'told',
      subject: 'b',
      time: '1970-01-01T00:00:00.000Z',
      data: { n: 1 },
      correlationid: 'c1',
      causationid: 'c1',
      partitionkey: 'b',
      recordseq: 'r.000000000007',
      hearthdepth: 1,
    });
  });

  it('carries the story on', () => {
    const by = caused({ correlationid: 'begin', causationid: 'before', hearthdepth: 3 });
    expect(stamped(by)).toMatchObject({
      correlationid: 'begin',
      causationid: 'c1',
      hearthdepth: 4,
    });
  });

  it('keeps the trace in which the story began, and else that of the run', () => {
    const traceparent = '00-run';
    const begin = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    expect(stamped(emitter({ traceparent })).traceparent).toBe('00-run');
    expect(stamped({ ...caused({ traceparent: begin }), traceparent }).traceparent).toBe(begin);
  });

  it('does not carry along what is no trace, which a device may have sent', () => {
    expect(stamped(caused({ traceparent: 'x'.repeat(8000) })).traceparent).toBeUndefined();
  });

  it('takes the partition of the draft, else of the cause, else the subject', () => {
    const inHome = caused({ partitionkey: 'h1' });
    const own = told('b', { n: 1 }, { partition: 'h2' });
    expect(stamped(inHome, own).partitionkey).toBe('h2');
    expect(stamped(inHome).partitionkey).toBe('h1');
    expect(stamped(emitter()).partitionkey).toBe('b');
  });

  it('lets a command expire, counted from its time', () => {
    expect(stamped(emitter(), lock.commands.unlock('l1', {})).expirytime).toBe(
      '1970-01-01T00:00:05.000Z',
    );
    expect(stamped(emitter())).not.toHaveProperty('expirytime');
  });

  it('leaves out data that the schema does not know', () => {
    const more = { ...draft, data: { n: 1, m: 2 } };
    expect(stamped(emitter(), more).data).toEqual({ n: 1 });
  });

  it(`refuses more than ${maxDepth} cascades`, () => {
    expect(stamped(caused({ hearthdepth: maxDepth - 1 })).hearthdepth).toBe(maxDepth);
    expect(() => stamped(caused({ hearthdepth: maxDepth }))).toThrow(
      expect.objectContaining({
        code: 'depth-exceeded',
        message: `"told" would be the 17th cascade of one event; at most 16 are allowed.`,
      }),
    );
  });

  it.each([
    ['an empty one', ''],
    ['one of 1,025 characters', 'x'.repeat(1_025)],
    ['a control character', 'a\nb'],
    ['a lone surrogate', 'a\uD800'],
  ])('refuses as a subject %s', (_, subject) => {
    expect(() => stamped(emitter(), told(subject, { n: 1 }))).toThrow(
      expect.objectContaining({ code: 'invalid-output', field: 'subject' }),
    );
  });

  it('takes a subject of 1,024 characters, in any script', () => {
    const subject = '家'.repeat(1_024);
    expect(stamped(emitter(), told(subject, { n: 1 })).subject).toBe(subject);
  });
});

describe('the id of an emitted event', () => {
  const parts = fc.record({
    record: fc.string(),
    source: fc.string(),
    id: fc.string(),
    kind: fc.constantFrom('key' as const, 'index' as const, 'timer' as const),
    type: fc.string(),
    subject: fc.string(),
    key: fc.string(),
  });
  type Parts = typeof parts extends fc.Arbitrary<infer P> ? P : never;
  const id = ({ record, source, id: of, kind, type, subject, key }: Parts) =>
    idOf(
      emitter({ subject: record, cause: { ...cause, source, id: of } }),
      kind,
      { type, subject, data: null },
      key,
    );
  const some: Parts = {
    record: 'ab',
    source: 'c',
    id: 'd',
    kind: 'key',
    type: 'e',
    subject: 'f',
    key: '0',
  };

  it.each([
    ['a boundary that moves', { record: 'a', source: 'bc' }],
    ['an empty part', { record: '', source: 'abc' }],
    ['cause source and cause id exchanged', { source: 'd', id: 'c' }],
    ['a position instead of a key', { kind: 'index' }],
    ['a timer instead of an output', { kind: 'timer' }],
    ['a key that has what the subject lost', { subject: '', key: 'f0' }],
  ] as const)('is another with %s', (_, change) => {
    expect(id({ ...some, ...change })).not.toBe(id(some));
  });

  it('is another for another app and another handler', () => {
    const of = (...names: readonly string[]) =>
      idOf(emitter({ mark: hashState(...names) }), 'key', draft, 'k');
    const all = [of('urn:a', 'bc'), of('urn:ab', 'c'), of('urn:a', 'b'), of('urn:abc')];
    expect(new Set(all).size).toBe(4);
  });

  it('is one for equal parts only', () => {
    fc.assert(
      fc.property(parts, parts, (one, two) => {
        expect(id(one) === id(two)).toBe(JSON.stringify(one) === JSON.stringify(two));
      }),
    );
  });

  it('moves no boundary that a hostile device could choose', () => {
    // The same letters, cut into parts at other places.
    const cut = fc.tuple(fc.string({ minLength: 5, maxLength: 9 }), fc.nat(8), fc.nat(8));
    fc.assert(
      fc.property(cut, ([text, a, b]) => {
        const at = (place: number) => ({
          ...some,
          source: text.slice(0, place),
          id: text.slice(place),
        });
        const [one, two] = [Math.min(a, text.length), Math.min(b, text.length)];
        expect(id(at(one)) === id(at(two))).toBe(one === two);
      }),
    );
  });

  it('is 52 characters of base32, whatever it was made of', () => {
    fc.assert(
      fc.property(parts, (one) => {
        expect(id(one)).toMatch(/^[a-z2-7]{52}$/);
      }),
    );
  });
});

describe('the hash of a record', () => {
  it('is 12 characters, one for each subject of each handler', () => {
    const all = [
      recordHash(hashState('urn:a', 'n'), 'x'),
      recordHash(hashState('urn:a', 'n'), 'y'),
      recordHash(hashState('urn:a', 'm'), 'x'),
      recordHash(hashState('urn:b', 'n'), 'x'),
    ];
    expect(new Set(all).size).toBe(4);
    for (const hash of all) expect(hash).toMatch(/^[\w-]{12}$/);
  });
});

describe('isoTime', () => {
  it('is the text of an instant, asked for in any order', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 4e12 }), { maxLength: 5 });
    fc.assert(
      fc.property(instants, (all) => {
        expect(all.map(isoTime)).toEqual(all.map((at) => new Date(at).toISOString()));
      }),
    );
  });
});
