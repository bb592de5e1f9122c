import { HearthError } from '../event/error.ts';
import { bound, lives, type Lives } from '../model/binding.ts';
import type { Draft, EventDef, EventType, Incoming } from '../model/event.ts';
import {
  handlerOf,
  ownSubject,
  type Outcome,
  type Part,
  type Ref,
  type StepInput,
  type Subscription,
} from '../model/handler.ts';
import type { Readable } from '../model/reads.ts';
import { anything } from '../model/schema.ts';
import { forgotten, standing, type Forgotten } from '../model/standing.ts';
import { grantsOf, type Homes } from './grants.ts';
import { importsOf, type Imports } from './imports.ts';
import { isTaken, turn, tries, type Because, type Turn } from './lifecycle.ts';
import { unknown, tagsOf, type Registered } from './registered.ts';
import {
  askers,
  registryEvents,
  requestNames,
  type Fact,
  type RegistryEvents,
  type RegistryRequests,
  type Requests,
} from './registry-events.ts';
import { assertSelection, type Selection } from './selection.ts';

/** How a registry is described; see `defineRegistry`. */
export interface RegistryOptions<T extends string, H> {
  /** The beginning of its event types, and the name of its records: `hearth.registry` unless given. */
  readonly type?: T;
  /** Indexed fields that a device may have besides the registry's own: `site`, `ring`. */
  readonly tags?: readonly string[];
  /** Groups by query, by name: who is in them follows from other tags. Every other group is a list. */
  readonly groups?: Readonly<Record<string, Selection>>;
  /** Who belongs to a home. Without it, a user speaks for the devices that they own, and for no home. */
  readonly homes?: Homes<H>;
  /**
   * What is forgotten of a device that gets another home, another owner, or none any more (`end`): besides its wishes and open commands, the
   * reported properties of these names. Unless given it is nothing for another home, and else all of them.
   */
  readonly forget?: (device: Registered, because: Because) => Forgotten['properties'] | 'nothing';
  /** Events by which a device gets on in its life: the `issued` and `activated` of its credentials, the `connected` of a model. */
  readonly follows?: {
    readonly provision?: readonly EventType[];
    readonly activate?: readonly EventType[];
  };
}

/** A registry: what is known of each device, from the factory to the bin. */
export interface Registry<T extends string = string>
  extends Part, Readable<Registered>, RegistryRequests<T> {
  readonly type: T;
  readonly events: RegistryEvents<T>;
  /** The groups by query. */
  readonly groups: Readonly<Record<string, Selection>>;
  /** What keeps the progress of `registerDevices`. */
  readonly imports: Imports;
  ref(device: string): Ref<Registered>;
}

/**
 * Defines a registry: one record for each device, whose life is `registered → claimed → provisioned → active`, with `suspended` and
 * `decommissioned` besides. Make it a part of the app, and ask it by the drafts that it gives: `registry.claim('d1', { code, home: 'h1' })`.
 *
 * What may not be is rejected: `not-registered`, `already-registered`, `wrong-status` (with the status), `not-owner`, `cannot-be-claimed`,
 * `too-many-tries`, `not-permitted`. What is so already is no mistake. Each change is told by an event, and where it matters to the
 * device: where it lives (`hearth.device.bound`), whether it may take part (`hearth.device.standing`), what to forget (`hearth.device.forgotten`).
 * As a part of the app it also lets hubs speak for the devices behind them, and users for theirs.
 *
 * @throws {HearthError} `invalid-definition` for a tag with a name that every registry has, or a group that selects by no tag.
 */
export function defineRegistry<const T extends string = 'hearth.registry', H = unknown>(
  options: RegistryOptions<T, H> = {},
): Registry<T> {
  const { type = 'hearth.registry' as T, homes, groups = {}, tags = [] } = options;
  assertTags(type, tags);
  const events = registryEvents(type);
  const known: Known = {
    events,
    declared: new Set(tags),
    forget: options.forget ?? ((_, because) => (because === 'home' ? 'nothing' : 'all')),
  };
  const record = handlerOf<Registered>(
    { name: type, state: anything, initial: unknown, trusted: true, tags: tagsOf },
    new Map([
      ...requestNames.map((name) => asked(known, name)),
      ...followed(known, options.follows ?? {}),
      [bound.type, movedOutside] as const,
    ]),
  );
  const imports = importsOf(type);
  for (const [group, selection] of Object.entries(groups))
    assertSelection(selection, `The group "${group}"`);
  const drafts = requestNames.map((name) => [
    name,
    (device: string, data: object = {}) => events[name](device, data as never),
  ]);
  // The drafts are made from the names that the type is computed from.
  return {
    ...(Object.fromEntries(drafts) as unknown as RegistryRequests<T>),
    type,
    events,
    groups,
    record,
    view: record.view,
    ref: record.ref,
    imports,
    handlers: [record, imports.record],
    defines: [...Object.values<EventType>(events), imports.event, bound, standing, forgotten],
    makes: [type],
    grants: grantsOf(record, homes as Homes | undefined),
  };
}

interface Known {
  readonly events: RegistryEvents<string>;
  readonly declared: ReadonlySet<string>;
  readonly forget: (device: Registered, because: Because) => Forgotten['properties'] | 'nothing';
}

type Input = StepInput<Registered, Incoming<string, never>, unknown>;

function assertTags(type: string, tags: readonly string[]): void {
  const taken = tags.find(isTaken);
  if (taken === undefined) return;
  const message = `"${type}" cannot declare the tag "${taken}": every registry has it.`;
  throw new HearthError('invalid-definition', message, { field: 'tags' });
}

function asked(known: Known, name: keyof Requests): readonly [string, Subscription] {
  const event: EventType = known.events[name];
  const step = (input: Input) => outcomeOf(known, input, next(known, name, input), name);
  // Who brings a device into a home, or behind a hub, must speak for that, too.
  const concerns = ({ data }: Incoming) => {
    const { home, hub } = data as { readonly home?: string | null; readonly hub?: string | null };
    return [home, hub].filter((one): one is string => typeof one === 'string');
  };
  return [
    event.type,
    {
      event,
      step,
      subjectOf: ownSubject,
      from: askers[name],
      concerns,
    },
  ];
}

function next(known: Known, name: keyof Requests, { state, event, now, principal }: Input): Turn {
  const { subject: device, data } = event;
  return turn(name, { device, state, data, now, principal, declared: known.declared });
}

/** What others say may come too late, or of a device that nobody has registered: it is not for the registry to reject it. */
function followed(
  known: Known,
  follows: NonNullable<RegistryOptions<string, unknown>['follows']>,
): readonly (readonly [string, Subscription])[] {
  const all = (['provision', 'activate'] as const).flatMap((name) =>
    (follows[name] ?? []).map((event) => [name, event] as const),
  );
  return all.map(([name, event]) => {
    const step = (input: Input) => {
      const made = next(known, name, { ...input, event: { ...input.event, data: {} as never } });
      return made === undefined || 'reject' in made ? {} : outcomeOf(known, input, made, name);
    };
    return [event.type, { event, step, subjectOf: ownSubject }];
  });
}

/** A service may say by itself where a device lives; the registry keeps up with it. */
const movedOutside: Subscription = {
  event: bound,
  from: ['app', 'service'],
  incoming: true,
  subjectOf: ownSubject,
  step: ({ state, event }: StepInput<Registered, Incoming<string, Lives>, unknown>) => {
    const { home } = event.data;
    return state.status === 'unknown' || state.home === home ? {} : { state: { ...state, home } };
  },
};

function outcomeOf(
  known: Known,
  { state, event, principal }: Input,
  made: Turn,
  name: keyof Requests,
): Outcome<Registered> {
  // Who claims wants to know, also whether it was theirs already.
  if (made === undefined) return name === 'claim' ? { reply: { status: state.status } } : {};
  if ('reject' in made) return made;
  const { next: after, fact } = made;
  const { subject } = event;
  if (fact === undefined) return { state: after };
  const { reason } = event.data as { readonly reason?: string };
  const data: Fact = {
    status: after.status,
    before: state.status,
    by: `${principal.kind}:${principal.id}`,
    model: after.model,
    owner: after.owner,
    home: after.home,
    ...(reason === undefined ? {} : { reason }),
  };
  const told = (known.events[fact] as EventDef)(subject, data, {
    partition: after.home ?? subject,
  });
  const emit = [...consequences(known, subject, state, made), told];
  if (name !== 'claim') return { state: after, emit };
  return {
    state: after,
    emit,
    reply: fact === 'refused' ? refusedReply(after) : { status: after.status },
  };
}

const refusedReply = ({ status, tries: count }: Registered) => ({
  status,
  refused: 'wrong-code',
  triesLeft: count === 0 ? 0 : tries.most - count,
});

/** What the device, its home and their rules have to know: it leaves before it forgets, and forgets before it arrives. */
function consequences(
  { forget }: Known,
  device: string,
  before: Registered,
  { next: after, because }: Extract<Turn, { next: Registered }>,
): readonly Draft[] {
  const of = { type: after.model };
  const isMoved = after.home !== before.home;
  const barred = barredBy(after);
  const properties = because === undefined ? 'nothing' : forget(before, because);
  return [
    ...(isMoved && before.home !== null ? [lives(device, null, of)] : []),
    ...(properties === 'nothing' ? [] : [forgotten(device, { properties, model: of.type })]),
    ...(isMoved && after.home !== null ? [lives(device, after.home, of)] : []),
    ...(barred === barredBy(before) ? [] : [standing(device, { barred, model: of.type })]),
  ];
}

const barredBy = ({ status }: Registered) =>
  status === 'suspended' || status === 'decommissioned' ? status : null;
