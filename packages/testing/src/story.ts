import { HearthError } from '@hearth/core';
import type {
  App,
  Call,
  CloudEvent,
  Draft,
  Handled,
  Principal,
  Readable,
  Ref,
  SpeaksFor,
} from '@hearth/core';

/** A record that a story begins with; see `has`. */
export interface Fixture {
  readonly fixture: Ref;
  readonly state: unknown;
}

/** Functions that stand in for calls, by call type: they give the result, or throw. */
export type Fakes = Readonly<Record<string, (request: never) => unknown>>;

/** Where a story is set. `start` (ms or ISO 8601) is when it begins, 0 unless told otherwise. */
export interface SpecifyOptions {
  readonly start?: number | string;
  readonly speaksFor?: SpeaksFor;
}

/** Something that happens in a story; `steps` are the first and the last (exclusive) step that it led to. */
export type Act = { readonly at: number; steps: readonly [from: number, to: number] } & (
  | { readonly does: 'begin'; readonly fixture: Fixture }
  | { readonly does: 'wait' }
  | Said
);

/** An input of a story. */
export interface Said {
  readonly does: 'say';
  readonly round: 'given' | 'when';
  /** What one `when` says has the same number: it may come in any order, except for what is about one subject. */
  readonly together: number;
  readonly event: CloudEvent;
  readonly principal: Principal;
  handled: Handled;
}

/** A whole story, as it can be told again. */
export interface Script {
  readonly app: App;
  readonly acts: readonly Act[];
  readonly fakes: Fakes;
  readonly options: SpecifyOptions;
  readonly startMs: number;
}

/** The source of what a story says. */
export const storySource = 'urn:hearth:story';

/**
 * Says what a record holds when a story begins: `has(home, 'h1', { occupants: 0 })`.
 *
 * A device or a home takes it over as if it had been imported from another system, so that rules hear of it. A plain handler's record is
 * written as it is, with its initial state for the properties that are left out; nobody hears of it.
 *
 * @throws {HearthError} `invalid-state`, when the story is told, for a state that does not fit the handler's schema.
 */
export function has<S>(
  model: Readable<S>,
  subject: string,
  state: Partial<NoInfer<S>>,
): Draft | Fixture {
  const { events } = model as { readonly events?: { readonly imported?: ImportedEvent } };
  if (events?.imported !== undefined) return events.imported(subject, state);
  const { record } = model;
  const isPart = typeof state === 'object' && state !== null && !Array.isArray(state);
  const whole = isPart ? { ...(record.initial as object), ...state } : state;
  return { fixture: record.ref(subject), state: whole };
}

type ImportedEvent = (subject: string, state: unknown) => Draft;

/**
 * A fake for a call, with the types of the call: `.calls(fake(classify, ({ photo }) => ({ label: 'cat' })))`.
 *
 * Several are spread into one object.
 */
export function fake<Q, A>(call: Call<string, Q, A>, answer: (request: Q) => A): Fakes {
  return { [call.type]: answer };
}

/** An instant in ms, given as such or as ISO 8601 text. */
export function instantOf(time: number | string): number {
  const instant = typeof time === 'number' ? time : Date.parse(time);
  if (Number.isFinite(instant)) return instant;
  throw new HearthError('invalid-option', `"${time}" is no instant: ms, or ISO 8601 text.`, {
    field: 'time',
  });
}

/** A draft as the event that a story says; what is an event already stays as it is. */
export function eventOf(happening: Draft | CloudEvent, nth: number, at: number): CloudEvent {
  if ('specversion' in happening) return happening;
  const { type, subject, data, partition } = happening;
  return {
    specversion: '1.0',
    id: `story-${nth}`,
    source: storySource,
    type,
    subject,
    time: new Date(at).toISOString(),
    data,
    ...(partition === undefined ? {} : { partitionkey: partition }),
  };
}
