import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloudEvent } from '../event/cloud-event.ts';
import { holds, lookUp, markOf, remember, type Bounds, type Mark } from './seen.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const bounds: Bounds = { entries: 64, ageMs: 14 * dayMs, kept: () => false };

const event = (more: object = {}): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: 'urn:t1',
  type: 'temperature',
  subject: 't1',
  data: { celsius: 14 },
  ...more,
});
const mark = (id: number): Mark => markOf(event({ id: String(id) }));

/** An inbox that has seen these ids, one after the other at these instants. */
function inbox(ids: readonly number[], at: (index: number) => number = () => 0, by = bounds) {
  return ids.reduce((seen, id, index) => remember(seen, mark(id), at(index), by).seen, '');
}

const count = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);
const known = (seen: string, ids: readonly number[]) =>
  ids.filter((id) => lookUp(seen, mark(id)) === 'same');

describe('an inbox', () => {
  it('knows what it has seen, and nothing else', () => {
    const seen = inbox([1, 2]);
    expect([1, 2, 3].map((id) => lookUp(seen, mark(id)))).toEqual(['same', 'same', 'new']);
  });

  it('takes 12 characters an entry', () => {
    expect(inbox(count(0, 64))).toHaveLength(768);
    expect(inbox([1])).toMatch(/^[\w-]{12}$/);
  });

  it('holds what it has seen', () => {
    const seen = inbox([1, 2]);
    expect([1, 3].map((id) => holds(seen, mark(id).id))).toEqual([true, false]);
  });

  it('looks for entries at their places only', () => {
    const seen = inbox(count(0, 20));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 228 }), (at) => {
        if (at % 12 === 0) return;
        const wrong: Mark = { id: seen.slice(at, at + 8), content: seen.slice(at + 8, at + 10) };
        expect(lookUp(seen, wrong)).toBe('new');
      }),
    );
  });
});

describe('the mark of an event', () => {
  it('is the same in whatever order the properties of its data come', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const turned = JSON.parse(JSON.stringify(turnedOver(data))) as unknown;
        expect(markOf(event({ data: turned }))).toEqual(markOf(event({ data })));
      }),
    );
  });

  it.each([
    [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ],
    [{ a: { b: 1 } }, { a: 1, b: 1 }],
    [
      [1, 2],
      [2, 1],
    ],
    [[[1], 2], [[1, 2]]],
    [{ a: 1 }, { a: '1' }],
    [null, 'null'],
    [{}, []],
    [{ a: null }, {}],
  ])('tells %j from %j', (one, other) => {
    expect(markOf(event({ data: one })).content).not.toBe(markOf(event({ data: other })).content);
  });

  it('is one for one source and id', () => {
    const marks = [
      markOf(event({ source: 'ab', id: 'c' })),
      markOf(event({ source: 'a', id: 'bc' })),
      markOf(event({ source: 'ab', id: 'd' })),
      markOf(event({ source: '', id: 'abc' })),
    ];
    expect(new Set(marks.map(({ id }) => id)).size).toBe(4);
    expect(markOf(event({ source: 'ab', id: 'c' }))).toEqual(marks[0]);
  });

  it.each([
    ['data', { data: { celsius: 15 } }],
    ['no data', { data: undefined }],
    ['a type', { type: 'humidity' }],
    ['a subject', { subject: 't2' }],
    ['no subject', { subject: undefined }],
    ['binary data', { data: undefined, data_base64: 'AA==' }],
  ])('tells other content by %s', (_, more) => {
    const seen = remember('', markOf(event()), 0, bounds).seen;
    expect(lookUp(seen, markOf(event(more)))).toBe('reused');
  });

  it('does not care for attributes that a transport may change', () => {
    const seen = remember('', markOf(event()), 0, bounds).seen;
    const resent = event({
      time: '2026-01-01T00:00:00Z',
      traceparent: '00-x',
      dataschema: 'urn:1',
    });
    expect(lookUp(seen, markOf(resent))).toBe('same');
  });
});

describe('a full inbox', () => {
  it('forgets the oldest of 64, and says so', () => {
    const seen = inbox(count(0, 64));
    expect(known(seen, count(0, 64))).toHaveLength(64);
    const next = remember(seen, mark(64), 0, bounds);
    expect(next.overflow).toBe(1);
    expect(known(next.seen, count(0, 65))).toEqual(count(1, 65));
  });

  it('keeps what is kept, and forgets the next in its place', () => {
    const kept = (id: string) => id === mark(0).id;
    const next = remember(inbox(count(0, 64)), mark(64), 0, { ...bounds, kept });
    expect(known(next.seen, count(0, 65))).toEqual([0, ...count(2, 65)]);
  });

  it('grows if everything in it is kept', () => {
    const next = remember(inbox(count(0, 64)), mark(64), 0, { ...bounds, kept: () => true });
    expect(next.overflow).toBe(0);
    expect(known(next.seen, count(0, 65))).toHaveLength(65);
  });

  it('shrinks again when nothing is kept any more', () => {
    const grown = inbox(count(0, 70), () => 0, { ...bounds, kept: () => true });
    const next = remember(grown, mark(70), 0, bounds);
    expect(known(next.seen, count(0, 71))).toEqual(count(7, 71));
  });
});

describe('the age of an entry', () => {
  const after = (ageMs: number, first: number, then: number) => {
    const seen = inbox([1], () => first);
    return remember(seen, mark(2), then, { ...bounds, ageMs });
  };

  it('makes it forgotten, without an overflow', () => {
    const next = after(dayMs, 0, 26 * hourMs);
    expect(known(next.seen, [1, 2])).toEqual([2]);
    expect(next.overflow).toBe(0);
  });

  it('is never taken for more than it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e12 }),
        fc.integer({ min: 0, max: 100 * hourMs }),
        fc.integer({ min: 0, max: 100 * hourMs }),
        (first, passed, ageMs) => {
          const isKnown = known(after(ageMs, first, first + passed).seen, [1]).length === 1;
          expect(isKnown || passed > ageMs).toBe(true);
          // Two hours, because both instants are only known to the hour.
          expect(isKnown && passed >= ageMs + 2 * hourMs).toBe(false);
        },
      ),
    );
  });

  it('of a few minutes survives the turn of the hour', () => {
    const ageMs = 30 * 60_000;
    expect(known(after(ageMs, hourMs - 1, hourMs).seen, [1])).toEqual([1]);
  });

  it('goes on counting when the hours begin anew after 4,096', () => {
    const turn = 4_096 * hourMs;
    expect(known(after(dayMs, turn - hourMs, turn + hourMs).seen, [1])).toEqual([1]);
    expect(known(after(dayMs, turn - 13 * hourMs, turn + 13 * hourMs).seen, [1])).toEqual([]);
  });

  it('counts before 1970 as well, where simulations may begin', () => {
    expect(known(after(dayMs, -hourMs, hourMs).seen, [1, 2])).toEqual([1, 2]);
  });
});

describe('what is kept', () => {
  it('is never forgotten, whatever comes', () => {
    const steps = fc.array(
      fc.record({ passed: fc.integer({ min: 0, max: 500 * hourMs }), isKept: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (all, entries) => {
        const kept = new Set<string>();
        let [seen, now] = ['', 0];
        for (const [id, { passed, isKept }] of all.entries()) {
          now += passed;
          if (isKept) kept.add(mark(id).id);
          const by = { entries, ageMs: 100 * hourMs, kept: (one: string) => kept.has(one) };
          ({ seen } = remember(seen, mark(id), now, by));
          expect(seen.length % 12).toBe(0);
          expect(seen.length / 12).toBeLessThanOrEqual(Math.max(entries, kept.size + 1));
          for (const one of kept) expect(holds(seen, one)).toBe(true);
        }
      }),
    );
  });
});

/** The same JSON with the properties of every object in the opposite order. */
function turnedOver(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turnedOver);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, turnedOver(one)] as const);
  return Object.fromEntries(entries.toReversed()) as unknown;
}
