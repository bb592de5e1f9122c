import type { Clock } from '@hearth/core/ports';
import type { Plan } from './faults.ts';

/** What every plan can go by. */
interface AnyCall {
  readonly operation: string;
  readonly nth: number;
}

/**
 * A fault at the nth time (from 1) that an operation is asked for, or at several.
 *
 * @example
 * faultyStore(memoryStore(), onNth('save', 2, 'conflict'));
 */
export function onNth<Call extends AnyCall, Fault>(
  operation: Call['operation'],
  nth: number | readonly number[],
  fault: Fault,
): Plan<Call, Fault> {
  const times = typeof nth === 'number' ? [nth] : nth;
  return (call) => (call.operation === operation && times.includes(call.nth) ? fault : undefined);
}

/** A fault for a while: from `fromMs` to just before `untilMs` of a clock. */
export function during<Fault>(
  clock: Clock,
  fromMs: number,
  untilMs: number,
  fault: Fault,
): Plan<unknown, Fault> {
  return () => (clock.now() >= fromMs && clock.now() < untilMs ? fault : undefined);
}

/** The first fault that any of these plans has. */
export function firstOf<Call, Fault>(...plans: readonly Plan<Call, Fault>[]): Plan<Call, Fault> {
  return (call) => {
    for (const plan of plans) {
      const fault = plan(call);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/**
 * Faults by chance, the same ones for the same seed.
 *
 * Each rate is a probability in [0, 1]; what remains of 1 is no fault. A test that uses it prints its seed when it fails.
 *
 * @example
 * faultyStore(store, seededFaults(seed, [['conflict', 0.2], ['answer-lost', 0.1]]));
 */
export function seededFaults<Fault>(
  seed: number,
  rates: readonly (readonly [fault: Fault, rate: number])[],
): Plan<unknown, Fault> {
  const random = seededRandom(seed);
  return () => {
    let left = random();
    for (const [fault, rate] of rates) {
      left -= rate;
      if (left < 0) return fault;
    }
    return undefined;
  };
}

/** Numbers in [0, 1) that a seed brings back (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
