import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lanes, type Taken } from './lanes.ts';

const backoff = { minMs: 100, maxMs: 1_000, random: () => 0.5 };
const none: ReadonlySet<string> = new Set();
const of = (taken: readonly Taken<string>[]) => taken.flatMap(({ items }) => items);

describe('lanes', () => {
  it('hand out everything that waits, as far as there is room', () => {
    const waiting = lanes<string>(backoff);
    for (const item of ['a1', 'b1', 'a2', 'c1']) waiting.add(item.slice(0, 1), item);
    expect(of(waiting.take(3, 0))).toEqual(['a1', 'a2', 'b1']);
    expect(waiting.size).toBe(1);
    expect(of(waiting.take(3, 0))).toEqual(['c1']);
  });

  it('keep what comes for a busy key until that is done', () => {
    const waiting = lanes<string>(backoff);
    waiting.add('a', 'a1');
    const first = waiting.take(10, 0);
    waiting.add('a', 'a2');
    waiting.add('b', 'b1');
    expect(of(waiting.take(10, 0))).toEqual(['b1']);
    waiting.done(first, none, 0);
    expect(of(waiting.take(10, 0))).toEqual(['a2']);
  });

  it('hand out of a key only what it has room for, and of others what they want', () => {
    const waiting = lanes<string>(backoff);
    for (const item of ['a1', 'a2', 'b1', 'b2', 'c1']) waiting.add(item.slice(0, 1), item);
    const room = (key: string) => ({ a: 0, b: 1 })[key] ?? Infinity;
    const first = waiting.take(10, 0, room);
    expect(of(first)).toEqual(['b1', 'c1']);
    expect(waiting.size).toBe(3);
    waiting.done(first, none, 0);
    expect(of(waiting.take(10, 0))).toEqual(['a1', 'a2', 'b2']);
  });

  it('hold a key back after a failure, with the failed item in front, and nobody else', () => {
    const waiting = lanes<string>(backoff);
    waiting.add('a', 'a1');
    waiting.add('a', 'a2');
    waiting.done(waiting.take(10, 0), new Set(['a1', 'a2']), 0);
    waiting.add('a', 'a3');
    waiting.add('b', 'b1');
    expect(of(waiting.take(10, 99))).toEqual(['b1']);
    expect(waiting.nextAt).toBe(100);
    expect(of(waiting.take(10, 100))).toEqual(['a1', 'a2', 'a3']);
  });

  it('wait longer after each failure in a row, up to a limit, and begin anew after a success', () => {
    const waiting = lanes<string>(backoff);
    waiting.add('a', 'a1');
    const waits: number[] = [];
    let now = 0;
    for (let i = 0; i < 6; i += 1) {
      waiting.done(waiting.take(1, now), new Set(['a1']), now);
      waits.push((waiting.nextAt ?? 0) - now);
      now = waiting.nextAt ?? 0;
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    waiting.done(waiting.take(1, now), none, now);
    waiting.add('a', 'a2');
    waiting.done(waiting.take(1, now), new Set(['a2']), now);
    expect((waiting.nextAt ?? 0) - now).toBe(100);
  });

  it('give back what is removed, and forget keys that nothing is left of', () => {
    const waiting = lanes<string>(backoff);
    for (const item of ['a1', 'b1', 'b2']) waiting.add(item.slice(0, 1), item);
    expect(waiting.remove((item) => item.endsWith('1'))).toEqual(['a1', 'b1']);
    expect(waiting.size).toBe(1);
    expect(of(waiting.take(10, 0))).toEqual(['b2']);
  });

  it('keep the order of every key and lose nothing, whatever fails and whenever', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ take: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ done: fc.nat(3), failing: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const waiting = lanes<string>(backoff);
        const finished: string[] = [];
        const running: (readonly Taken<string>[])[] = [];
        let count = 0;
        let now = 0;
        const finish = (taken: readonly Taken<string>[], failing: boolean) => {
          // The core never does an item of a key after one that is to be tried again.
          const again = new Set(failing ? taken.flatMap(({ items }) => items.slice(1)) : []);
          finished.push(...of(taken).filter((item) => !again.has(item)));
          waiting.done(taken, again, now);
        };
        for (const each of steps) {
          now += 50;
          if ('add' in each) waiting.add(each.add, `${each.add}${(count += 1)}`);
          else if ('take' in each) running.push(waiting.take(each.take, now));
          else running.splice(each.done, 1).forEach((taken) => finish(taken, each.failing));
        }
        for (const taken of running) finish(taken, false);
        while (waiting.size > 0) finish(waiting.take(2, (now += 1_000)), false);
        expect(finished).toHaveLength(count);
        for (const key of ['a', 'b', 'c']) {
          const own = finished.filter((item) => item.startsWith(key)).map((item) => +item.slice(1));
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
      }),
    );
  });
});
