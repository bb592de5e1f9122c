import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { Applied } from '../ports/runtime.ts';
import { differencesOf, type Difference } from './difference.ts';

/** Something that a backend has decided: an event that it sent out, or that it would have. */
export interface Decided {
  /** When (ms since the epoch). */
  readonly at: number;
  readonly event: CloudEvent;
  readonly because?: readonly string[];
}

/** One decision beside that of the other backend; `both` decided the same. */
export interface Found {
  readonly outcome: 'both' | 'differ' | 'only-ours' | 'only-theirs';
  readonly subject: string;
  readonly type: string;
  readonly ours?: Decided;
  readonly theirs?: Decided;
  /** Where the data differ. */
  readonly differences: readonly Difference[];
}

/** How many decisions ended how. */
export interface DecisionCounts {
  readonly both: number;
  readonly differ: number;
  readonly onlyOurs: number;
  readonly onlyTheirs: number;
}

/** The decisions of two backends beside each other. */
export interface DecisionComparison extends DecisionCounts {
  readonly withinMs: number;
  readonly byType: Readonly<Record<string, DecisionCounts>>;
  /** All that are not `both`, in the order in which they were settled: at most the last 1,000. */
  readonly found: readonly Found[];
  /** How many events were not compared, by type. */
  readonly passedOver: Readonly<Record<string, number>>;
}

/** How decisions are compared. */
export interface CompareOptions {
  /** How far apart (ms) two decisions may be and still be one; a minute when absent. */
  readonly withinMs?: number;
  /** The types that are decisions: `['com.acme.thermostat.set']`. */
  readonly types?: readonly string[];
  /** Whether two decisions about one subject say the same; when absent, whether their data are equal. */
  readonly equal?: (ours: CloudEvent, theirs: CloudEvent) => boolean;
}

/**
 * Compares what two backends decided: by subject and type, within a window of time, each decision once.
 *
 * Equal decisions are paired first, the oldest with the oldest; of what is left, two in one window `differ`. When `types` are absent,
 * those count that the existing backend has decided at least once; the rest is passed over.
 *
 * @throws {HearthError} `invalid-option` for a window that is none.
 */
export function compareDecisions(
  ours: Iterable<Decided>,
  theirs: Iterable<Decided>,
  options: CompareOptions = {},
): DecisionComparison {
  const [mine, others] = [[...ours], [...theirs]];
  const types = options.types ?? [...new Set(others.map(({ event }) => event.type))];
  const compared = comparer({ ...options, types });
  const all = [
    ...mine.map((one) => ['ours', one] as const),
    ...others.map((one) => ['theirs', one] as const),
  ].toSorted(([, a], [, b]) => a.at - b.at);
  for (const [side, one] of all) compared.add(side, one, one.at);
  compared.until(Infinity);
  return compared.result();
}

/** What the steps of a simulation, or of any observer, decided. */
export function decisionsIn(steps: Iterable<Applied>): readonly Decided[] {
  return [...steps].flatMap(({ emitted, now, because }) =>
    emitted.map((event) => ({ at: now, event, ...(because === undefined ? {} : { because }) })),
  );
}

type Side = 'ours' | 'theirs';

interface Waiting {
  readonly side: Side;
  readonly one: Decided;
  readonly name: string;
  /** When it has waited long enough (ms). */
  readonly until: number;
  isSettled: boolean;
}

/** A comparison that decisions are added to as they come. */
export interface Comparer {
  /** Adds a decision that is heard of at `now` (ms); the same event is added once. */
  add(side: Side, one: Decided, now: number): void;
  /** Settles what has waited long enough at `now` (ms). */
  until(now: number): void;
  result(): DecisionComparison;
}

const kept = 1000;

/** A comparison that grows; it remembers no more than what is still within the window. */
export function comparer(
  options: CompareOptions,
  tell: (found: Found) => void = () => undefined,
): Comparer {
  const { withinMs = 60_000, types, equal = sameData } = options;
  assertWindow(withinMs);
  const isDecision = types === undefined ? () => true : (type: string) => types.includes(type);
  const tally = tallyOf(withinMs, tell);
  const waiting = new Map<string, Waiting[]>();
  const known = new Set<string>();
  let queue: Waiting[] = [];
  let head = 0;
  const partner = (
    { side, one, name }: Waiting,
    fits: (ours: Decided, theirs: Decided) => boolean,
  ) =>
    waiting.get(name)?.find((other) => {
      if (other.side === side || Math.abs(other.one.at - one.at) > withinMs) return false;
      return side === 'ours' ? fits(one, other.one) : fits(other.one, one);
    });
  const settle = (...ones: readonly Waiting[]) => {
    for (const one of ones) {
      one.isSettled = true;
      const left = (waiting.get(one.name) ?? []).filter((other) => other !== one);
      if (left.length === 0) waiting.delete(one.name);
      else waiting.set(one.name, left);
    }
    const of = (side: Side) => ones.find((one) => one.side === side)?.one;
    tally.add(foundOf(of('ours'), of('theirs'), equal));
  };
  return {
    result: tally.result,
    add(side, one, now) {
      if (!isDecision(one.event.type)) return tally.passOver(one.event.type);
      const id = JSON.stringify([side, one.event.source, one.event.id]);
      if (known.has(id)) return;
      known.add(id);
      this.until(now);
      const name = JSON.stringify([one.event.subject ?? '', one.event.type]);
      const fresh = { side, one, name, until: now + withinMs, isSettled: false };
      queue.push(fresh);
      const other = partner(fresh, (ours, theirs) => equal(ours.event, theirs.event));
      if (other !== undefined) return settle(fresh, other);
      const others = waiting.get(name);
      if (others === undefined) waiting.set(name, [fresh]);
      else others.push(fresh);
    },
    until(now) {
      for (; (queue[head]?.until ?? Infinity) < now; head += 1) {
        const one = queue[head] as Waiting;
        const { event } = one.one;
        known.delete(JSON.stringify([one.side, event.source, event.id]));
        if (one.isSettled) continue;
        const other = partner(one, () => true);
        settle(one, ...(other === undefined ? [] : [other]));
      }
      if (head < kept || head * 2 < queue.length) return;
      queue = queue.slice(head);
      head = 0;
    },
  };
}

function assertWindow(withinMs: number): void {
  if (Number.isFinite(withinMs) && withinMs >= 0) return;
  const message = `"withinMs" must be a number of milliseconds, not ${withinMs}.`;
  throw new HearthError('invalid-option', message, { field: 'withinMs' });
}

const sameData = (ours: CloudEvent, theirs: CloudEvent): boolean =>
  differencesOf(ours.data, theirs.data).length === 0;

function foundOf(
  ours: Decided | undefined,
  theirs: Decided | undefined,
  equal: (ours: CloudEvent, theirs: CloudEvent) => boolean,
): Found {
  const { type, subject = '' } = ((ours ?? theirs) as Decided).event;
  const sides = { ...(ours && { ours }), ...(theirs && { theirs }) };
  if (ours === undefined || theirs === undefined) {
    const outcome = ours === undefined ? 'only-theirs' : 'only-ours';
    return { outcome, subject, type, ...sides, differences: [] };
  }
  if (equal(ours.event, theirs.event))
    return { outcome: 'both', subject, type, ...sides, differences: [] };
  const differences = differencesOf(ours.event.data, theirs.event.data);
  return { outcome: 'differ', subject, type, ...sides, differences };
}

const fields = {
  both: 'both',
  differ: 'differ',
  'only-ours': 'onlyOurs',
  'only-theirs': 'onlyTheirs',
} as const;

const none: DecisionCounts = { both: 0, differ: 0, onlyOurs: 0, onlyTheirs: 0 };

function tallyOf(withinMs: number, tell: (found: Found) => void) {
  let all = none;
  const byType = new Map<string, DecisionCounts>();
  const passedOver = new Map<string, number>();
  let found: Found[] = [];
  return {
    add(one: Found) {
      const field = fields[one.outcome];
      const more = (counts: DecisionCounts) => ({ ...counts, [field]: counts[field] + 1 });
      all = more(all);
      byType.set(one.type, more(byType.get(one.type) ?? none));
      if (one.outcome !== 'both') found.push(one);
      if (found.length >= 2 * kept) found = found.slice(-kept);
      tell(one);
    },
    passOver: (type: string) => void passedOver.set(type, (passedOver.get(type) ?? 0) + 1),
    result: (): DecisionComparison => ({
      ...all,
      withinMs,
      byType: Object.fromEntries(byType),
      found: found.slice(-kept),
      passedOver: Object.fromEntries(passedOver),
    }),
  };
}
