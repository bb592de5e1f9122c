import {
  activeOf,
  isExpired,
  isLive,
  type Credential,
  type CredentialState,
} from './credential.ts';

/** One credential that went from one state into another. */
export interface Change {
  readonly credential: Credential;
  readonly from: CredentialState | null;
  readonly because: string;
}

/** A credential about whose end somebody is told. */
export interface Notice {
  readonly what: 'expiring' | 'overdue';
  readonly credential: Credential;
}

/** Credentials after something happened, and what it was. */
export interface Moved {
  readonly list: readonly Credential[];
  readonly changes: readonly Change[];
}

/** How long things take (ms). */
export interface RotationTimes {
  readonly graceMs: number;
  readonly warnBeforeMs: readonly number[];
}

// What is over is kept for a while, so that nothing of it comes back.
const mostEnded = 16;

/** Adds a credential that waits to be proved. One that waits already is superseded: the device has asked again. */
export function added(
  list: readonly Credential[],
  credential: Pick<Credential, 'id' | 'expires' | 'until' | 'serial'>,
  now: number,
): Moved {
  const waiting = list.filter(({ state }) => state === 'pending');
  const without = moveAll({ list, changes: [] }, waiting, 'revoked', {
    now,
    because: 'superseded',
  });
  const pending: Credential = { ...credential, state: 'pending', since: now, warned: null };
  const change = { credential: pending, from: null, because: 'issued' };
  return kept({ list: [...without.list, pending], changes: [...without.changes, change] });
}

/** Makes a credential the one of today, and lets the one before work for a while. */
export function activated(
  list: readonly Credential[],
  id: string,
  { now, because, graceMs }: { now: number; because: string; graceMs: number },
): Moved {
  const before = activeOf(list);
  const first = move({ list, changes: [] }, id, 'active', { now, because });
  if (before === undefined || before.id === id) return first;
  if (isExpired(before, now))
    return kept(move(first, before.id, 'expired', { now, because: 'expired' }));
  if (graceMs === 0) return kept(move(first, before.id, 'revoked', { now, because: 'replaced' }));
  return move(first, before.id, 'grace', { now, because: 'replaced', until: now + graceMs });
}

/**
 * Revokes a credential. The one of today gives way to one in grace, and if there is none, nothing is done: `undefined`. A device that
 * is to have no credential is withdrawn.
 */
export function revoked(
  list: readonly Credential[],
  id: string,
  how: { readonly now: number; readonly because: string },
): Moved | undefined {
  const credential = list.find((one) => one.id === id);
  if (credential?.state !== 'active') return kept(move({ list, changes: [] }, id, 'revoked', how));
  const back = standIn(list, how.now);
  if (back === undefined) return undefined;
  const reinstated = move({ list, changes: [] }, back.id, 'active', {
    ...how,
    because: 'reinstated',
  });
  return kept(move(reinstated, id, 'revoked', how));
}

/** Ends all credentials. */
export function withdrawn(
  list: readonly Credential[],
  how: { readonly now: number; readonly because: string },
): Moved {
  return kept(moveAll({ list, changes: [] }, list.filter(isLive), 'revoked', how));
}

/** What time alone has done: a proof that did not come, a grace that is over, what has expired or will soon. */
export function passed(
  list: readonly Credential[],
  now: number,
  { warnBeforeMs }: RotationTimes,
): Moved & { readonly notices: readonly Notice[] } {
  let moved: Moved = { list, changes: [] };
  for (const { id, state, until } of list) {
    const credential = moved.list.find((one) => one.id === id) as Credential;
    if (state !== 'pending' && state !== 'grace') continue;
    if (isExpired(credential, now)) moved = move(moved, id, 'expired', { now, because: 'expired' });
    else if (until !== null && until <= now) {
      const because = state === 'pending' ? 'not-proved' : 'grace-over';
      moved = move(moved, id, 'revoked', { now, because });
    }
  }
  moved = replaceExpired(moved, now);
  return warned(kept(moved), now, warnBeforeMs);
}

/** The one of today has expired, and one in grace has not: better an old key than none. Alone, it stays what it is. */
function replaceExpired(moved: Moved, now: number): Moved {
  const active = activeOf(moved.list);
  if (active === undefined || !isExpired(active, now)) return moved;
  const back = standIn(moved.list, now);
  if (back === undefined) return moved;
  const reinstated = move(moved, back.id, 'active', { now, because: 'reinstated' });
  return move(reinstated, active.id, 'expired', { now, because: 'expired' });
}

const standIn = (list: readonly Credential[], now: number): Credential | undefined =>
  list.findLast((one) => one.state === 'grace' && !isExpired(one, now));

function warned(
  { list, changes }: Moved,
  now: number,
  warnBeforeMs: readonly number[],
): Moved & { readonly notices: readonly Notice[] } {
  const active = activeOf(list);
  const due = active === undefined ? undefined : thresholdOf(active, now, warnBeforeMs);
  if (active === undefined || due === undefined) return { list, changes, notices: [] };
  const credential = { ...active, warned: due };
  const what = due === 0 ? 'overdue' : 'expiring';
  const next = list.map((one) => (one === active ? credential : one));
  return { list: next, changes, notices: [{ what, credential }] };
}

/** The last warning that is due and has not been given: those that were missed are not made up for. */
function thresholdOf(
  { expires, warned: last }: Credential,
  now: number,
  warnBeforeMs: readonly number[],
): number | undefined {
  if (expires === null) return undefined;
  const crossed = [...warnBeforeMs, 0].filter((ms) => expires - now <= ms);
  const least = Math.min(...crossed);
  return Number.isFinite(least) && (last === null || least < last) ? least : undefined;
}

/** When time alone does something next (ms). */
export function nextInstant(
  list: readonly Credential[],
  { warnBeforeMs }: RotationTimes,
): number | undefined {
  const instants = list.flatMap(({ state, until, expires, warned: last }) => {
    if (state === 'pending' || state === 'grace') return [until, expires];
    if (state !== 'active' || expires === null) return [];
    return [...warnBeforeMs, 0]
      .filter((ms) => last === null || ms < last)
      .map((ms) => expires - ms);
  });
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? undefined : Math.min(...known);
}

interface How {
  readonly now: number;
  readonly because: string;
  readonly until?: number;
}

function move({ list, changes }: Moved, id: string, to: CredentialState, how: How): Moved {
  const before = list.find((one) => one.id === id);
  if (before === undefined || before.state === to) return { list, changes };
  const { now: since, because, until = null } = how;
  const credential: Credential = { ...before, state: to, since, until };
  return {
    list: list.map((one) => (one === before ? credential : one)),
    changes: [...changes, { credential, from: before.state, because }],
  };
}

const moveAll = (moved: Moved, all: readonly Credential[], to: CredentialState, how: How): Moved =>
  all.reduce((now, { id }) => move(now, id, to, how), moved);

/** Forgets the oldest of what is over. */
function kept({ list, changes }: Moved): Moved {
  const ended = list.filter((one) => !isLive(one)).toSorted((a, b) => a.since - b.since);
  const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - mostEnded)));
  return { list: list.filter((one) => !forgotten.has(one)), changes };
}
