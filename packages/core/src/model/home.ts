import { HearthError } from '../event/error.ts';
import type { MergePatch } from '../twin/merge-patch.ts';
import type { Patch, Report } from './device.ts';
import type { LooseReport } from './device-events.ts';
import { misfit } from './device-steps.ts';
import { eventDef, type Draft, type EventDef, type Incoming } from './event.ts';
import { frozen } from './frozen.ts';
import {
  handlerOf,
  ownSubject,
  type Outcome,
  type Part,
  type Ref,
  type StepInput,
  type Subscription,
} from './handler.ts';
import { partial } from './partial.ts';
import { patched } from './patch.ts';
import type { Readable } from './reads.ts';
import { assertFits, assertJson, type Schema } from './schema.ts';

/** The event types of a home. */
export type HomeEvents<T extends string, S, E> = {
  readonly [K in keyof E & string]: EventDef<`${T}.${K}`, E[K]>;
} & {
  /** The whole state, after a change; emitted only if somebody in the app subscribes to it. */
  readonly changed: EventDef<`${T}.changed`, S>;
  /** State taken over from another system; only a service says it. */
  readonly imported: EventDef<`${T}.imported`, MergePatch<S>>;
};

/** A home: what is known of it as a whole; see `defineHome`. */
export interface Home<T extends string, S, E> extends Part, Readable<S> {
  readonly type: T;
  readonly events: HomeEvents<T, S, E>;
  /** Changes properties of the home. */
  set(subject: string, patch: MergePatch<S>): Draft<`${T}.set`, MergePatch<S>>;
  ref(subject: string): Ref<S>;
}

/** How a home is described; see `defineHome`. */
export interface HomeOptions<T extends string, S, E> {
  readonly type: T;
  readonly state: Schema<S>;
  readonly initial: NoInfer<S>;
  /** What is reported about the home as a whole, by an occupancy sensor or a phone. */
  readonly reports?: { readonly [K in keyof E]: Report<E[K], NoInfer<S>> };
  readonly version?: number;
  readonly migrate?: Readonly<Record<number, (state: never) => unknown>>;
  readonly formerly?: string;
  /** Indexed fields, found again by `each` and by queries. */
  readonly tags?: (state: NoInfer<S>, subject: string) => Readonly<Record<string, string>>;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * Defines the home: the state that belongs to no single device. Apps, services and users may `set` it; who speaks for it may report.
 *
 * @throws {HearthError} `invalid-definition` for a schema that is not plain JSON or an initial state that does not fit it.
 */
export function defineHome<const T extends string, S extends object, E = Record<never, never>>(
  options: HomeOptions<T, S, E>,
): Home<T, S, E> {
  const { type, state, ...others } = options;
  assertJson(state, `"${type}"`);
  assertFits(state, options.initial, `The initial state of "${type}"`);
  const initial = frozen<S>(options.initial);
  const reports = Object.entries((options.reports ?? {}) as Readonly<Record<string, LooseReport>>);
  const events = homeEvents(type, state as Schema<Values>, reports);
  const home: Loose = {
    state: state as Schema<Values>,
    initial: initial as Values,
    changed: events['changed'],
  };
  const on = (name: string, step: (input: Input) => Outcome<Values>, more?: More) => {
    const event = events[name] as EventDef;
    const known = { event, step: step as Subscription['step'], subjectOf: ownSubject };
    return [event.type, { ...known, ...more }] as const;
  };
  const applied = reports.map(([name, { apply }]) =>
    on(name, (input) => {
      const { patch } = apply(input.event.data, (set) => ({ patch: set }), input.state);
      return merge(home, input, patch);
    }),
  );
  const say = (input: Input) => merge(home, input, input.event.data, 'reject');
  const record = handlerOf<S>(
    { ...others, reads: {}, name: type, state, initial, trusted: true },
    new Map([
      ...applied,
      on('set', say, { from: ['app', 'service', 'user'] }),
      on('imported', (input) => merge(home, input, input.event.data, 'reject', true), {
        from: ['app', 'service'],
      }),
    ]),
  );
  const { set, ...said } = events;
  // The events were made from the same names and schemas that the type is computed from.
  return {
    type,
    events: said,
    set: (subject: string, patch: Values) => set?.(subject, patch),
    ref: record.ref,
    record,
    view: record.view,
    handlers: [record],
    defines: Object.values(events),
    makes: [type],
  } as unknown as Home<T, S, E>;
}

type Input = StepInput<Values, Incoming<string, never>, unknown>;
type More = Pick<Subscription, 'from'>;

/** A home, whatever its properties. */
interface Loose {
  readonly state: Schema<Values>;
  readonly initial: Values;
  readonly changed: EventDef | undefined;
}

function homeEvents(
  type: string,
  state: Schema<Values>,
  reports: readonly (readonly [string, LooseReport])[],
): Readonly<Record<string, EventDef>> {
  const patch = partial(state);
  const own: Readonly<Record<string, Schema>> = { set: patch, imported: patch, changed: state };
  const taken = reports.find(([name]) => Object.hasOwn(own, name));
  if (taken !== undefined) {
    throw new HearthError(
      'invalid-definition',
      `"${type}" cannot name a report "${taken[0]}": every home has it.`,
      { field: taken[0] },
    );
  }
  const all = [...reports.map(([name, { data }]) => [name, data] as const), ...Object.entries(own)];
  return Object.fromEntries(
    all.map(([name, data]) => {
      const special = name === 'changed' ? { quiet: true, madeBy: type } : {};
      return [name, eventDef({ type: `${type}.${name}`, data, older: [], ...special })];
    }),
  );
}

function merge(
  { state: schema, initial, changed }: Loose,
  { state, event }: Input,
  patch: Patch<Values>['patch'],
  otherwise: 'reject' | 'throw' = 'throw',
  announce = false,
): Outcome<Values> {
  // A home that was never heard of has the initial state itself; that it is indeed so is news.
  const isNews = announce || state === initial;
  const result = patched(schema, state, patch);
  if (result.issue !== undefined) return misfit(otherwise, `"${event.type}"`, result.issue);
  if (result.changes === undefined && !isNews) return {};
  const next = result.changes === undefined ? { ...state } : result.state;
  return { state: next, emit: changed?.(event.subject, next, { partition: event.subject }) ?? [] };
}
