import { same } from '../twin/document.ts';
import type { SimulationResult } from './simulate.ts';

/** Something that a simulation emitted, and why. */
export interface SimulatedEmission {
  /** The simulated instant (ms). */
  readonly at: number;
  readonly handler: string;
  readonly subject: string;
  readonly type: string;
  readonly to: string;
  readonly data: unknown;
  readonly because?: readonly string[];
}

/** How two simulations differ in what they emitted. `moved` happened in both, at different instants. */
export interface Comparison {
  readonly added: readonly SimulatedEmission[];
  readonly removed: readonly SimulatedEmission[];
  readonly moved: readonly { readonly from: SimulatedEmission; readonly to: SimulatedEmission }[];
  readonly equal: number;
}

/** Compares what two simulations emitted: two versions of an app over one timeline, or one app over two. */
export function compare(before: SimulationResult, after: SimulationResult): Comparison {
  const [old, now] = [emissionsOf(before), emissionsOf(after)];
  const exact = match(old, now, (a, b) => a.at === b.at);
  const moved = match(exact.left, exact.right, () => true);
  return {
    equal: exact.pairs.length,
    moved: moved.pairs.map(([from, to]) => ({ from, to })),
    removed: moved.left,
    added: moved.right,
  };
}

function emissionsOf({ steps }: SimulationResult): readonly SimulatedEmission[] {
  return steps.flatMap(({ handler, subject, now, emitted, because }) =>
    emitted.map(({ type, subject: to = '', data }) => ({
      at: now,
      handler,
      subject,
      type,
      to,
      data,
      ...(because === undefined ? {} : { because }),
    })),
  );
}

type Pair = readonly [SimulatedEmission, SimulatedEmission];

/** Pairs each emission with the first of the other side that is alike. */
function match(
  left: readonly SimulatedEmission[],
  right: readonly SimulatedEmission[],
  also: (a: SimulatedEmission, b: SimulatedEmission) => boolean,
): {
  readonly pairs: readonly Pair[];
  readonly left: readonly SimulatedEmission[];
  readonly right: readonly SimulatedEmission[];
} {
  const waiting = new Map<string, SimulatedEmission[]>();
  for (const one of right) waiting.set(nameOf(one), [...(waiting.get(nameOf(one)) ?? []), one]);
  const pairs: Pair[] = [];
  const alone: SimulatedEmission[] = [];
  for (const one of left) {
    const candidates = waiting.get(nameOf(one)) ?? [];
    const found = candidates.findIndex((other) => same(one.data, other.data) && also(one, other));
    const other = candidates[found];
    if (other === undefined) alone.push(one);
    else {
      candidates.splice(found, 1);
      pairs.push([one, other]);
    }
  }
  const rest = new Set([...waiting.values()].flat());
  return { pairs, left: alone, right: right.filter((one) => rest.has(one)) };
}

const nameOf = ({ handler, subject, type, to }: SimulatedEmission): string =>
  [handler, subject, type, to].join('\n');
