import { deltaOf, type Tolerance } from './delta.ts';
import {
  filled,
  leavesOf,
  mapped,
  pathOf,
  pointerOf,
  same,
  valueAt,
  type Document,
  type Path,
} from './document.ts';
import { merged, minimised, without, type KeepsNull } from './merge-patch.ts';

/** Who changed a leaf and when: the half's revision, the instant (ms), the reporter's sequence, and who, if it was not the device itself. */
export type Mark = readonly [
  rev: number,
  at: number,
  sequence?: string | null | undefined,
  by?: string | undefined,
];

/** The marks of a half's leaves, each where its leaf is. That of a leaf which is gone stays where an older report could bring the leaf back. */
export interface Marks {
  readonly [name: string]: Mark | Marks;
}

/** What a device said of the wishes up to a revision. */
export interface Acknowledgement {
  readonly desiredRev: number;
  /** `applied`: done. `failed`: it tried and may try again. `rejected`: it will not; it is not asked again until the wish changes. */
  readonly status: 'applied' | 'failed' | 'rejected';
  /** The device's own word for the reason. */
  readonly code?: string | undefined;
}

/**
 * A twin: what a device reported, what is desired of it, and how far the two have come together.
 *
 * Each half has its own revision, which counts its changes and survives removals, so that a device's report never makes a wish look newer.
 */
export interface Twin {
  readonly reported: Document;
  readonly desired: Document;
  readonly reportedRev: number;
  readonly desiredRev: number;
  readonly meta: { readonly reported?: Marks; readonly desired?: Marks };
  /** What the device was last told to do and has not done yet. */
  readonly sent?: Document | undefined;
  /** The wishes that the device rejected: the revision of each when it did. */
  readonly refused?: Readonly<Record<string, number>> | undefined;
  /** When wishes end (ms). */
  readonly until?: Readonly<Record<string, number>> | undefined;
  readonly acknowledged?: Acknowledgement | undefined;
}

/** Who says something, and when. */
export interface Saying {
  readonly now: number;
  readonly sequence?: string | undefined;
  readonly by?: string | undefined;
}

/** Lays a report over a twin, without what a newer report has said already; gives the twin itself if nothing is left. */
export function withReport<T extends Twin>(
  twin: T,
  patch: Document,
  saying: Saying,
  keeps: KeepsNull,
): T {
  const marks = twin.meta.reported ?? {};
  const { sequence } = saying;
  const fresh =
    sequence === undefined ? patch : without(patch, (path) => isNewer(marks, path, sequence));
  if (fresh === undefined) return twin;
  const changes = minimised(twin.reported, fresh, keeps);
  if (changes === undefined && sequence === undefined) return twin;
  const reportedRev = twin.reportedRev + (changes === undefined ? 0 : 1);
  // What changed nothing is remembered too, where an older report must not change it back.
  const known =
    sequence === undefined
      ? marks
      : merged(
          marks,
          mapped(fresh, (path) => renewed(marks, path, reportedRev, saying)),
        );
  const mark = markOf(reportedRev, saying);
  return {
    ...twin,
    reported: changes === undefined ? twin.reported : merged(twin.reported, changes, keeps),
    reportedRev,
    meta: {
      ...twin.meta,
      reported: (changes === undefined ? known : merged(known, filled(changes, mark))) as Marks,
    },
  };
}

/** A mark without what is not known. */
function markOf(rev: number, { now, sequence, by }: Saying): Mark {
  if (by !== undefined) return [rev, now, sequence ?? null, by];
  return sequence === undefined ? [rev, now] : [rev, now, sequence];
}

/** The mark of a leaf that was said again as it is. */
function renewed(marks: Marks, path: Path, rev: number, saying: Saying): Mark {
  const before = markAt(marks, path);
  return markOf(before?.[0] ?? rev, { ...saying, now: before?.[1] ?? saying.now });
}

/** The mark of a leaf. */
export function markAt(marks: Marks, path: Path): Mark | undefined {
  const found = valueAt(marks, path);
  return Array.isArray(found) ? (found as unknown as Mark) : undefined;
}

/** Whether nothing as new has been said of a leaf, or of what held it when that was a leaf itself. */
function isNewer(marks: Marks, path: Path, sequence: string): boolean {
  for (let depth = 1; depth <= path.length; depth += 1) {
    const last = markAt(marks, path.slice(0, depth))?.[2];
    if (last !== undefined && last !== null && sequence <= last) return false;
  }
  return true;
}

/** A wish: what is desired, with `null` for what is desired no more, and when it ends. */
export interface Wish extends Saying {
  readonly until?: number | undefined;
}

/** Lays wishes over a twin; gives the twin itself if they change nothing. */
export function withWishes<T extends Twin>(twin: T, patch: Document, { now, by, until }: Wish): T {
  const pointers = leavesOf(patch).map(pointerOf);
  const ends = endsOf(twin.until, pointers, until);
  const changes = minimised(twin.desired, patch);
  if (changes === undefined) return same(ends, twin.until) ? twin : { ...twin, until: ends };
  const desiredRev = twin.desiredRev + 1;
  const desired = merged(twin.desired, changes);
  const marks = mapped(changes, (_, leaf) =>
    leaf === null ? null : markOf(desiredRev, { now, by }),
  );
  const isWished = new Set(leavesOf(desired).map(pointerOf));
  const isChanged = new Set(leavesOf(changes).map(pointerOf));
  return {
    ...twin,
    desired,
    desiredRev,
    meta: { ...twin.meta, desired: merged(twin.meta.desired ?? {}, marks) as Marks },
    // What is wished for anew is asked for anew.
    refused: only(twin.refused, (at) => isWished.has(at) && !isChanged.has(at)),
    until: only(ends, (at) => isWished.has(at)),
  };
}

function endsOf(
  ends: Twin['until'],
  pointers: readonly string[],
  until: number | undefined,
): Twin['until'] {
  const rest = only(ends, (at) => !pointers.includes(at));
  if (until === undefined) return rest;
  return { ...rest, ...Object.fromEntries(pointers.map((at) => [at, until])) };
}

function only<V>(
  values: Readonly<Record<string, V>> | undefined,
  isLeft: (at: string) => boolean,
): Readonly<Record<string, V>> | undefined {
  const left = Object.entries(values ?? {}).filter(([at]) => isLeft(at));
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

/** Takes back the wishes that have ended by `now`. */
export function withoutLapsed<T extends Twin>(twin: T, now: number): T {
  const isOver = (at: string) => (twin.until?.[at] ?? Infinity) <= now;
  const rest = without(twin.desired, (path) => !isOver(pointerOf(path))) ?? {};
  const desired = merged({}, rest);
  if (same(desired, twin.desired)) return { ...twin, until: only(twin.until, (at) => !isOver(at)) };
  const isLeft = (at: string) => !isOver(at);
  const marks = without(twin.meta.desired ?? {}, (path) => isLeft(pointerOf(path))) ?? {};
  return {
    ...twin,
    desired,
    desiredRev: twin.desiredRev + 1,
    meta: { ...twin.meta, desired: marks as Marks },
    refused: only(twin.refused, isLeft),
    until: only(twin.until, isLeft),
  };
}

/** When the next wish ends (ms), or `undefined`. */
export function nextEnd({ until }: Twin): number | undefined {
  const ends = Object.values(until ?? {});
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** What the device still has to do: the delta without what it has rejected. */
export function openOf(twin: Twin, tolerance?: Tolerance): Document | undefined {
  const delta = deltaOf(twin.desired, twin.reported, tolerance);
  if (delta === undefined || twin.refused === undefined) return delta;
  return without(delta, (path) => twin.refused?.[pointerOf(path)] === undefined);
}

/** Notes what a device says of the wishes up to a revision. What it rejects is not asked of it again until somebody wishes for it anew. */
export function withAcknowledgement<T extends Twin>(
  twin: T,
  said: Acknowledgement,
  isMeant: (path: Path) => boolean,
  tolerance?: Tolerance,
): T {
  const last = twin.acknowledged;
  if (last !== undefined && said.desiredRev < last.desiredRev) return twin;
  const refused = { ...twin.refused };
  if (said.status === 'rejected') {
    for (const path of leavesOf(openOf(twin, tolerance) ?? {})) {
      const rev = markAt(twin.meta.desired ?? {}, path)?.[0] ?? 0;
      if (rev <= said.desiredRev && isMeant(path)) refused[pointerOf(path)] = rev;
    }
  }
  return {
    ...twin,
    acknowledged: said,
    refused: Object.keys(refused).length === 0 ? undefined : refused,
  };
}

/** Whether the halves of a twin fit what a writer expected of them, `undefined` if so, else which expectation fails. */
export function conflictOf(
  twin: Twin,
  expected: {
    readonly ifRev?: number | undefined;
    readonly ifDesiredRev?: number | undefined;
    readonly ifPath?: Readonly<Record<string, number>> | undefined;
  },
): string | undefined {
  const { ifRev, ifDesiredRev, ifPath = {} } = expected;
  if (ifRev !== undefined && ifRev !== revOf(twin)) return 'ifRev';
  if (ifDesiredRev !== undefined && ifDesiredRev !== twin.desiredRev) return 'ifDesiredRev';
  const marks = twin.meta.desired ?? {};
  const differing = Object.keys(ifPath).find(
    (at) => ifPath[at] !== (markAt(marks, pathOf(at))?.[0] ?? 0),
  );
  return differing === undefined ? undefined : `ifPath ${differing}`;
}

/** Counts the changes of both halves. */
export const revOf = ({ desiredRev, reportedRev }: Twin): number => desiredRev + reportedRev;
