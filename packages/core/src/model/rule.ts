import { HearthError } from '../event/error.ts';
import { eventDef, type Draft, type Incoming } from './event.ts';
import {
  handlerOf,
  type Handler,
  type Outcome,
  type Part,
  type Ref,
  type StepInput,
  type Subscription,
} from './handler.ts';
import type { Each, One, Readable } from './reads.ts';
import {
  copiesSeen,
  isHeardOf,
  keepCopy,
  leftIn,
  leftTag,
  watchesOf,
  withoutCopies,
  type Copies,
  type Watched,
  type Watches,
} from './rule-watch.ts';
import { anything } from './schema.ts';

/** What a rule's functions get: the watched state, by the names of `watch`. */
export type Seen<W> = {
  readonly [K in keyof W]: W[K] extends Each<infer V>
    ? readonly One<V>[]
    : W[K] extends Readable<infer V>
      ? V
      : never;
};

/** A home or device model: what a rule can be `per`. */
export type Per = Readable & { readonly type: string };

/** How a rule is described; see `defineRule`. */
export interface RuleOptions<W, C extends string> {
  readonly name: string;
  /** One decision per home, or per device. */
  readonly per: Per;
  readonly watch: W;
  /** Named conditions; the rule fires when all of them hold. Their names are the reason of the decision. */
  readonly when: { readonly [K in C]: (seen: Seen<W>) => boolean };
  readonly emit: (
    seen: Seen<W>,
    context: { readonly subject: string; readonly now: number },
  ) => Draft | readonly Draft[];
  /** How long all conditions must hold without a break before the rule fires, in ms. */
  readonly forMs?: number;
  /** After firing, the rule stays silent for this long, in ms. */
  readonly cooldownMs?: number;
  readonly formerly?: string;
}

/** A rule. */
export interface Rule<C extends string> extends Part {
  readonly name: string;
  readonly conditions: readonly C[];
  readonly record: Handler<RuleState>;
  /** Names one record of the rule: that of a home, or of a device for a rule per device. */
  ref(subject: string): Ref<RuleState>;
}

/** What a rule keeps: a copy of what it watches, whether its conditions hold, and when it last fired. */
export interface RuleState {
  readonly copies: Copies;
  /** The names of the conditions that hold; none before every single thing that is watched has been heard of. */
  readonly held: readonly string[];
  /** Since when all hold (ms), while they do. */
  readonly since: number | null;
  readonly firedAt: number | null;
}

const initial: RuleState = { copies: {}, held: [], since: null, firedAt: null };
const elapsed = eventDef({ type: 'hearth.rule.elapsed', data: anything, older: [] });

/**
 * Defines a rule: it fires when its conditions *become* true together, whichever came last, and not again until one of them was false.
 *
 * It decides from its own copy of what it watches, kept by the `changed` events of the watched models. It does not decide before every
 * single thing that it watches has been heard of; of a list it sees those that have been, in the order of their subjects. A rule that is added to a
 * running app hears with the next change, or when the home or device is `imported` anew, with whatever properties.
 *
 * @throws {HearthError} `invalid-definition` when there is nothing to watch or no condition, when it cannot hear of what it watches, or
 * for a time that is not whole milliseconds.
 */
export function defineRule<const W extends Watches, const C extends string>(
  options: RuleOptions<W, C>,
): Rule<C> {
  const loose = options as unknown as LooseRule;
  const conditions = Object.keys(options.when) as C[];
  const watched = watchesOf(loose.name, loose.per, loose.watch);
  if (conditions.length === 0) refuse(loose, 'has no condition in "when"', 'when');
  assertTime(loose, 'forMs');
  assertTime(loose, 'cooldownMs');
  const record = handlerOf<RuleState>(
    {
      name: loose.name,
      state: anything,
      trusted: true,
      initial,
      tags: leftOf,
      forget: ({ copies, ...rest }: RuleState, subject) => ({
        ...rest,
        copies: withoutCopies(copies, subject),
      }),
      ...(loose.formerly === undefined ? {} : { formerly: loose.formerly }),
    },
    new Map(subscriptionsOf(loose, watched).map((one) => [one.event.type, one])),
  );
  const { name, defines, ref } = record;
  return { name, conditions, record, ref, handlers: [record], defines };
}

/** Finds the records in which something that has left is still remembered: it may be somewhere else by now. */
const leftOf = ({ copies }: RuleState): Readonly<Record<string, string>> =>
  Object.fromEntries(leftIn(copies).map((subject) => [leftTag(subject), 'left']));

function assertTime(rule: LooseRule, field: 'forMs' | 'cooldownMs'): void {
  const { [field]: ms = 0 } = rule;
  if (!Number.isSafeInteger(ms) || ms < 0)
    refuse(rule, `needs a ${field} of whole milliseconds, not ${ms}`, field);
}

function refuse({ name }: LooseRule, why: string, field: string): never {
  throw new HearthError('invalid-definition', `The rule "${name}" ${why}.`, { field });
}

type View = Readonly<Record<string, unknown>>;
type Input = StepInput<RuleState, Incoming<string, never>, unknown>;
type LooseRule = Omit<RuleOptions<Watches, string>, 'emit' | 'when'> & {
  readonly when: Readonly<Record<string, (seen: View) => boolean>>;
  readonly emit: (seen: View, context: object) => Draft | readonly Draft[];
};

function subscriptionsOf(rule: LooseRule, watched: readonly Watched[]): readonly Subscription[] {
  const changes = watched.map(({ event, subjectOf }) => {
    const step = (input: Input) => {
      const copies = keepCopy(input.state.copies, watched, input.event);
      return copies === undefined ? {} : decide(rule, watched, { ...input.state, copies }, input);
    };
    return {
      event,
      subjectOf,
      step,
      from: ['app', 'service'] as const,
    };
  });
  const held = (input: Input) => fire(rule, watched, input.state, input);
  return [
    ...changes,
    {
      event: elapsed,
      subjectOf: ({ subject }) => subject,
      step: held,
      internal: true,
    },
  ];
}

function decide(
  rule: LooseRule,
  watched: readonly Watched[],
  state: RuleState,
  input: Input,
): Outcome<RuleState> {
  const seen = copiesSeen(state.copies, watched);
  const names = Object.keys(rule.when);
  const isKnown = isHeardOf(state.copies, watched);
  const held = isKnown ? names.filter((name) => rule.when[name]?.(seen) === true) : [];
  const before = input.state.since !== null;
  if (held.length < names.length) {
    return { state: { ...state, held, since: null }, ...(before ? { cancel: ['elapsed'] } : {}) };
  }
  if (before) return { state: { ...state, held } };
  const risen: RuleState = { ...state, held, since: input.now };
  const { forMs = 0 } = rule;
  if (forMs === 0) return fire(rule, watched, risen, input);
  const event = elapsed(subjectOfRecord(rule, input.event), null, partition(input.event));
  return { state: risen, timers: [{ key: 'elapsed', at: input.now + forMs, event }] };
}

const partition = ({ partitionkey }: Incoming) =>
  partitionkey === undefined ? {} : { partition: partitionkey };

function subjectOfRecord(rule: LooseRule, event: Incoming): string {
  return event.type === elapsed.type || !isHome(rule)
    ? event.subject
    : (event.partitionkey ?? event.subject);
}

const isHome = ({ per }: LooseRule): boolean => !('commands' in per);

function fire(
  rule: LooseRule,
  watched: readonly Watched[],
  state: RuleState,
  { now, event }: Input,
): Outcome<RuleState> {
  const { cooldownMs = 0 } = rule;
  if (state.firedAt !== null && now - state.firedAt < cooldownMs) return { state };
  const seen = copiesSeen(state.copies, watched);
  const emit = rule.emit(seen, { subject: subjectOfRecord(rule, event), now });
  return { state: { ...state, firedAt: now }, emit, because: Object.keys(rule.when) };
}
