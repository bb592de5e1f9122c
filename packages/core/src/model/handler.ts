import { HearthError } from '../event/error.ts';
import type { Principal } from '../ports/principal.ts';
import type { Draft, EventOf, EventType, Incoming } from './event.ts';
import { frozen } from './frozen.ts';
import { identity, type Got, type Readable, type Reads } from './reads.ts';
import type { Residence } from './residence.ts';
import { assertFits, assertJson, type Schema } from './schema.ts';

/** A wish to be called again at `at` (ms since the epoch) with `event`. Setting a key again replaces its timer. */
export interface Timer {
  readonly key: string;
  readonly at: number;
  readonly event: Draft;
}

/** An answer that says no: remembered, so that a doubled input gets it again. */
export interface Rejection {
  readonly code: string;
  readonly data?: unknown;
}

/** What a step returns: plain data. Everything is optional; `{}` means that nothing happened. */
export interface Outcome<S = unknown> {
  readonly state?: S | undefined;
  readonly emit?: Draft | readonly Draft[] | undefined;
  readonly timers?: readonly Timer[] | undefined;
  /** Keys of timers to take back. */
  readonly cancel?: readonly string[] | undefined;
  /** The answer for who asked. */
  readonly reply?: unknown;
  /**
   * The questions that `reply` answers, by their `correlationid ?? id`, if they are others than that which led here: a device that wakes
   * up answers what it was asked in its sleep. None of them, and there is no reply.
   */
  readonly replyTo?: string | readonly string[] | undefined;
  readonly reject?: Rejection | undefined;
  /** The reasons of this decision; kept with the record. */
  readonly because?: readonly string[] | undefined;
}

/** What a step gets. `now` is ms since the epoch, the same on every retry. */
export interface StepInput<S, E, R> {
  readonly state: S;
  readonly event: E;
  readonly reads: R;
  readonly now: number;
  readonly principal: Principal;
}

type Step = (input: StepInput<never, never, never>) => Outcome;

/** One event type that a handler handles. */
export interface Subscription {
  readonly event: EventType;
  readonly step: Step;
  /** The subject of the record that handles an event; `undefined` if this handler has no business with it. */
  readonly subjectOf: (event: Incoming) => string | undefined;
  /** Who may say this; everybody who speaks for the subject when absent. */
  readonly from?: readonly Principal['kind'][];
  /** Only ever a timer of this handler: events from outside are not routed here. */
  readonly internal?: boolean;
  /** Cascades of this app are not routed here, only events that come in. */
  readonly incoming?: boolean;
  /** Of whom else the event tells: whoever says it must speak for them, too. */
  readonly concerns?: (event: Incoming) => readonly string[];
  /** The record notes what others say: nobody has to speak for it. */
  readonly witness?: boolean;
}

/**
 * Who else may speak for a subject, as records tell: asked only where the runtime's `speaksFor` says no, for a whole batch at once.
 *
 * `look` names the records that tell; `may` decides from what they hold, or asks for further records, which are added to the others.
 */
export interface Grants {
  readonly look: (principal: Principal, subject: string) => readonly Ref[];
  readonly may: (
    principal: Principal,
    subject: string,
    held: readonly unknown[],
  ) => boolean | readonly Ref[];
}

/** A part of an app: what it handles and what it knows. */
export interface Part {
  readonly handlers: readonly Handler[];
  /** The event types it defines or handles. */
  readonly defines: readonly EventType[];
  /** What `madeBy` of an event refers to. */
  readonly makes?: readonly string[];
  /** Whom its records let speak for whom. */
  readonly grants?: Grants;
  /** What its records tell of where subjects belong. */
  readonly residence?: Residence;
}

/** A typed name of one record: `<handler>/<subject>`. */
export interface Ref<V = unknown> {
  readonly record: Handler;
  readonly subject: string;
  readonly view: (state: unknown) => V;
}

/** A handler: the steps that keep one kind of record. */
export interface Handler<S = unknown> extends Part, Readable<S> {
  readonly name: string;
  /** The name under which records are kept: the first name that the handler ever had. */
  readonly key: string;
  readonly schema: Schema;
  readonly initial: S;
  readonly version: number;
  readonly migrate: Readonly<Record<number, (state: never) => unknown>>;
  readonly readsOf: Reads;
  readonly tagsOf: (state: never, subject: string) => Readonly<Record<string, string>>;
  readonly remember: 'effects' | 'always';
  readonly latestOnly: boolean;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** The state belongs to the library; it is not checked after each step. */
  readonly trusted?: boolean;
  /** What is left of a state when another subject is erased of which it may have a copy. */
  readonly forget?: (state: never, subject: string) => unknown;
  ref(subject: string): Ref<S>;
}

/** How a handler is described; see `defineHandler`. */
export interface HandlerOptions<S, R> {
  readonly name: string;
  readonly state: Schema<S>;
  readonly initial: NoInfer<S>;
  /** The version of the state's shape, from 1. */
  readonly version?: number;
  /** Upgrades state of version n to n + 1. */
  readonly migrate?: Readonly<Record<number, (state: never) => unknown>>;
  /** The first name that this handler had: records stay where they are, and their ids stay the same. */
  readonly formerly?: string;
  readonly reads?: R;
  /** Indexed fields, found again by `each` and by queries. */
  readonly tags?: (state: NoInfer<S>, subject: string) => Readonly<Record<string, string>>;
  /** `always` saves even an input that changed and emitted nothing, so that its double is recognised. */
  readonly remember?: 'effects' | 'always';
  /** Rejects, as `stale`, an event whose `sequence` is not above the last one of its source. */
  readonly latestOnly?: boolean;
  /** The subject of the record that handles an event; the event's own subject when absent. */
  readonly subject?: (event: Incoming) => string | undefined;
  /**
   * What is left of the state when another subject is erased of which it may have copied something: asked, by `eraseOwner`, of the records
   * of the homes in which that subject lives or has left something.
   */
  readonly forget?: (state: NoInfer<S>, subject: string) => NoInfer<S>;
}

// The keys of every object of a union; a record of strings may also be written with numbers.
type KeysOf<T> = T extends object
  ? T extends readonly unknown[]
    ? never
    : keyof T | (string extends keyof T ? number : never)
  : never;
type StateOf<O> = O extends { readonly state?: infer T } ? T : never;
type None<K> = [K] extends [never] ? true : false;

/**
 * Refuses, at compile time, properties that an outcome or its state does not have. All branches of a step are looked at together, and
 * so are the members of a state that is a union: a conditional type that answered branch by branch would let every typo through.
 */
type Exact<O, S> = Only<Exclude<KeysOf<StateOf<O>>, Known<S>>, Exclude<KeysOf<O>, keyof Outcome>>;
type Known<S> = unknown extends S ? PropertyKey : KeysOf<S>;
type Only<InState extends PropertyKey, InOutcome extends PropertyKey> =
  None<InState> extends false
    ? { readonly state: { readonly [K in InState]: 'is not a property of the state' } }
    : None<InOutcome> extends false
      ? { readonly [K in InOutcome]: 'is not a property of an outcome' }
      : unknown;

/** A handler to which steps can be added; each `on` gives a new one. */
export interface HandlerBuilder<S, R> extends Handler<S> {
  on<const E extends EventType | readonly EventType[], O extends Outcome<S>>(
    event: E,
    step: (input: StepInput<S, EventOf<E>, Got<R>>) => O & Exact<O, S>,
    options?: { readonly from?: readonly Principal['kind'][] },
  ): HandlerBuilder<S, R>;
}

/**
 * Defines a handler: one record per subject, and a step for each event type it handles.
 *
 * A step is pure and synchronous. What it changed and emitted for an event is saved in one write; a doubled event has no second effect.
 *
 * @throws {HearthError} `invalid-definition` for a bad name, a schema that is not plain JSON, or an initial state that does not fit it.
 */
export function defineHandler<S, const R extends Reads = Record<never, never>>(
  options: HandlerOptions<S, R>,
): HandlerBuilder<S, R> {
  assertJson(options.state, `"${options.name}"`);
  assertFits(options.state, options.initial, `The initial state of "${options.name}"`);
  return withSteps<S, R>(options, new Map());
}

type Handlerish = Omit<HandlerOptions<unknown, Reads>, 'state' | 'initial' | 'tags' | 'forget'> & {
  readonly state: Schema;
  readonly initial: unknown;
  readonly tags?: ((state: never, subject: string) => Readonly<Record<string, string>>) | undefined;
  readonly trusted?: boolean;
  readonly forget?: ((state: never, subject: string) => unknown) | undefined;
};

function withSteps<S, R>(
  options: HandlerOptions<S, R>,
  steps: ReadonlyMap<string, Subscription>,
): HandlerBuilder<S, R> {
  const on: HandlerBuilder<S, R>['on'] = (event, step, given = {}) => {
    const next = new Map(steps);
    const subjectOf = options.subject ?? ownSubject;
    for (const one of [event].flat() as EventType[]) {
      if (next.has(one.type)) {
        refuse(`"${options.name}" handles "${one.type}" twice.`);
      }
      next.set(one.type, { event: one, step, subjectOf, ...heardFrom(one), ...given });
    }
    return withSteps(options, next);
  };
  return { ...handlerOf<S>(options as Handlerish, steps), on };
}

/** Who is heard of an event. What only a part of the app emits, nobody else may say: a device could forge the result of a call about itself. */
export function heardFrom({ madeBy, from }: EventType): Pick<Subscription, 'from'> {
  if (madeBy !== undefined) return { from: ['app', 'service'] };
  return from === undefined ? {} : { from };
}

/** The subject of an event, which is also that of the record that handles it. */
export const ownSubject = (event: Incoming): string => event.subject;

/** Makes a handler from its description and subscriptions. */
export function handlerOf<S>(
  options: Handlerish,
  steps: ReadonlyMap<string, Subscription>,
): Handler<S> {
  const { name, version = 1, formerly: key = name } = options;
  for (const word of [name, key]) {
    if (!/^[ -.0-~]{1,200}$/.test(word) && !/^[^/\p{Cc}]{1,200}$/u.test(word)) {
      refuse(
        `"${word}" is no name for a handler: 1 to 200 characters, without "/" or control characters.`,
      );
    }
  }
  assertVersions(options);
  const handler: Handler<S> = {
    name,
    key,
    version,
    schema: options.state,
    // Every new record begins with it: a step that changed it in place would tell one home's state to the next.
    initial: frozen(options.initial) as S,
    migrate: options.migrate ?? {},
    readsOf: options.reads ?? {},
    tagsOf: options.tags ?? (() => ({})),
    remember: options.remember ?? 'effects',
    latestOnly: options.latestOnly ?? false,
    trusted: options.trusted ?? false,
    ...(options.forget === undefined ? {} : { forget: options.forget }),
    subscriptions: steps,
    defines: [...steps.values()].map(({ event }) => event),
    view: identity as (state: unknown) => S,
    ref: (subject) => ({ record: handler, subject, view: identity as (state: unknown) => S }),
    get record() {
      return handler;
    },
    get handlers() {
      return [handler];
    },
  };
  return handler;
}

/** A migration that no version leads to would never run: somebody forgot to count the version up. */
function assertVersions({ name, version = 1, migrate = {} }: Handlerish): void {
  if (!Number.isInteger(version) || version < 1)
    refuse(`"${name}" needs a version that counts from 1, not ${version}.`, 'version');
  for (const from of Object.keys(migrate).map(Number)) {
    if (from >= 1 && from < version) continue;
    if (!(from >= 1))
      refuse(`"${name}" cannot migrate from what is no version; they count from 1.`);
    refuse(
      `"${name}" migrates state of version ${from}, but its own version is ${version}; set version: ${from + 1}.`,
      'version',
    );
  }
}

function refuse(message: string, field?: string): never {
  throw new HearthError('invalid-definition', message, field === undefined ? {} : { field });
}
