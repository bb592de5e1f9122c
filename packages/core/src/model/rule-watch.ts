import { HearthError } from '../event/error.ts';
import type { EventType, Incoming } from './event.ts';
import type { Each, One, Readable } from './reads.ts';

/** What a rule watches: a model for one record, `each(model)` for all of a home. Plain data. */
export type Watches = Readonly<Record<string, Watchable | (Each & { readonly of: Readable })>>;

/** A model with a `changed` event. */
export type Watchable = Readable & {
  readonly type: string;
  readonly events: { readonly changed: EventType };
};

type Left = { readonly left?: EventType };

/**
 * The copies that a rule keeps, by the name of the watch and the subject: the counter of the newest change that was seen, and the
 * state; without a state the device has left. Lower counters are dropped, so that the order of arrival does not matter.
 */
export type Copies = Readonly<
  Record<string, Readonly<Record<string, readonly [seq: string, state?: unknown]>>>
>;

/** One subscription of a rule: an event of a watched model, and the watches it feeds. */
export interface Watched {
  readonly event: EventType;
  readonly subjectOf: (event: Incoming) => string | undefined;
  readonly watches: readonly Watch[];
  readonly leaves: boolean;
}

interface Watch {
  readonly name: string;
  readonly each: Each | undefined;
  readonly model: Watchable;
}

/** Reads what a rule watches, and refuses what it cannot. */
export function watchesOf(
  rule: string,
  per: Readable & { readonly type: string },
  watches: Watches,
): readonly Watched[] {
  if ((per as object | undefined) === undefined) refuse(rule, 'is per nothing', 'per', circular);
  const byModel = new Map<Watchable, Watch[]>();
  for (const [name, watch] of Object.entries(watches) as [string, Watches[string] | undefined][]) {
    if (watch === undefined) refuse(rule, `watches nothing as "${name}"`, name, circular);
    const each = 'limit' in watch ? watch : undefined;
    const model = (each === undefined ? watch : each.of) as Watchable;
    const why = whyNot(per, model, each);
    if (why !== undefined) refuse(rule, `cannot watch "${name}"`, name, why);
    byModel.set(model, [...(byModel.get(model) ?? []), { name, each, model }]);
  }
  if (byModel.size === 0) refuse(rule, 'watches nothing', 'watch', 'put a model into "watch"');
  return [...byModel].flatMap(([model, fed]) => subscriptionsFor(per, model, fed));
}

const circular = 'it is undefined here, perhaps because two modules import each other';

function refuse(rule: string, what: string, field: string, why: string): never {
  const message = `The rule "${rule}" ${what}: ${why}.`;
  throw new HearthError('invalid-definition', message, { field });
}

const isDevice = (model: Readable): boolean => 'commands' in model;

function whyNot(per: Readable, model: Watchable, each: Each | undefined): string | undefined {
  const isOwn = model.record === per.record;
  if ((model as Partial<Watchable>).events?.changed === undefined)
    return 'it has no "changed" event; watch a device or a home';
  if (isDevice(per))
    return isOwn && each === undefined
      ? undefined
      : 'a rule per device watches that device alone; make it per home';
  if (!isDevice(model)) {
    if (!isOwn) return 'it is another home than the one that the rule is per';
    return each === undefined ? undefined : 'there is one home; watch it without each(…)';
  }
  if (each === undefined) return 'a home has many of them; watch each(…)';
  return each.tag === 'home' ? undefined : 'devices are watched by their home; leave out "tag"';
}

function subscriptionsFor(
  per: Readable,
  model: Watchable,
  watches: readonly Watch[],
): readonly Watched[] {
  const own = model.record === per.record;
  // A device without a home is its own partition, so it belongs to no rule of a home.
  const subjectOf = ({ subject, partitionkey }: Incoming) =>
    own ? subject : partitionkey === subject ? undefined : partitionkey;
  const { left } = model.events as Left;
  const changed = { event: model.events.changed, subjectOf, watches, leaves: false };
  return left === undefined || own
    ? [changed]
    : [changed, { event: left, subjectOf, watches, leaves: true }];
}

/** The copies with this event's news, or `undefined` if it brings none. */
export function keepCopy(
  copies: Copies,
  watched: readonly Watched[],
  event: Incoming,
): Copies | undefined {
  const source = watched.find((one) => one.event.type === event.type);
  const seq = (event.recordseq ?? '').split('.').pop() ?? '';
  let next: Copies | undefined;
  for (const { name, each } of source?.watches ?? []) {
    const known = copies[name]?.[event.subject];
    if (known !== undefined && seq !== '' && seq <= known[0]) continue;
    const copy =
      source?.leaves === true ? ([seq] as const) : ([seq, picked(each, event.data)] as const);
    next = { ...(next ?? copies), [name]: { ...copies[name], [event.subject]: copy } };
  }
  return next;
}

function picked(each: Each | undefined, data: unknown): unknown {
  if (each?.pick === undefined) return data;
  const state = data as Readonly<Record<string, unknown>>;
  return Object.fromEntries(each.pick.map((key) => [key, state[key]]));
}

/** Whether every single thing that is watched has been heard of: until then a decision would rest on a guess. */
export function isHeardOf(copies: Copies, watched: readonly Watched[]): boolean {
  return watched.every(({ watches }) =>
    watches.every(({ name, each }) => each !== undefined || copies[name] !== undefined),
  );
}

/** What the rule's functions see of the copies. */
export function copiesSeen(
  copies: Copies,
  watched: readonly Watched[],
): Readonly<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const { name, each, model } of watched.flatMap(({ watches }) => watches)) {
    const known = Object.entries(copies[name] ?? {}).filter(([, copy]) => copy.length === 2);
    if (each === undefined) seen[name] = known[0]?.[1][1] ?? model.view(model.record.initial);
    else
      seen[name] = list(known.map(([subject, [, state]]) => ({ subject, state }))).slice(
        0,
        each.limit,
      );
  }
  return seen;
}

/** In the order of the subjects' code units, which no locale changes. */
function list(ones: readonly One<unknown>[]): readonly One<unknown>[] {
  return ones.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
}

/** The subjects that have left, and of which only that is known. */
export function leftIn(copies: Copies): readonly string[] {
  const left: string[] = [];
  for (const name in copies) {
    const known = copies[name] ?? {};
    for (const subject in known) if (known[subject]?.length === 1) left.push(subject);
  }
  return left;
}

/** By which tag a rule is found that remembers that somebody has left. */
export const leftTag = (subject: string): string => `left ${subject}`;

/** The copies without those of a subject, as if it had never been heard of. */
export function withoutCopies(copies: Copies, subject: string): Copies {
  return Object.fromEntries(
    Object.entries(copies).map(([name, known]) => [
      name,
      Object.fromEntries(Object.entries(known).filter(([one]) => one !== subject)),
    ]),
  );
}
