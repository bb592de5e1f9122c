import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { eventDef, type Draft, type EventDef, type EventType, type Incoming } from './event.ts';
import { handlerOf, ownSubject, type Part, type StepInput, type Subscription } from './handler.ts';
import { anything, assertJson, check, type Schema } from './schema.ts';

/** What a call answers when it succeeded. */
export interface Done<Q, A> {
  readonly request: Q;
  readonly result: A;
}

/** What a call answers when it has failed for good. `code` is `timeout`, `invalid-data` or the error's own code. */
export interface Failed<Q> {
  readonly request: Q;
  readonly code: string;
  readonly attempts: number;
}

/**
 * A request to the outside world with a result; see `defineCall`. Called, it makes the draft that a step emits.
 */
export interface Call<T extends string, Q, A> extends EventDef<T, Q>, Part {
  readonly done: EventDef<`${T}.done`, Done<Q, A>>;
  readonly failed: EventDef<`${T}.failed`, Failed<Q>>;
  readonly result: Schema<A>;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** How a call is described; see `defineCall`. */
export interface CallOptions<T extends string, Q, A> {
  readonly type: T;
  readonly request: Schema<Q>;
  readonly result: Schema<A>;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/**
 * Defines a call: a classifier, a push service, an HTTP request. A step emits it; a runtime that has the function performs it after the
 * save, with the event's id as idempotency key, and the result comes back as `done` or `failed`, about the same subject.
 *
 * At least once: a crash between performing and saving the result performs it again under the same key.
 *
 * @throws {HearthError} `invalid-definition` for schemas that are not plain JSON, or numbers below 1.
 */
export function defineCall<const T extends string, Q, A>(
  options: CallOptions<T, Q, A>,
): Call<T, Q, A> {
  const { type, request, result, timeoutMs, attempts } = options;
  assertJson(result, `the result of "${type}"`);
  if (timeoutMs < 1 || attempts < 1) {
    throw new HearthError(
      'invalid-definition',
      `The call "${type}" needs timeoutMs and attempts of at least 1.`,
    );
  }
  const call = eventDef<T, Q>({ type, data: request, older: [] });
  const done = eventDef({
    type: `${type}.done` as const,
    data: answer<Done<Q, A>>(request, result),
    older: [],
    madeBy: type,
  });
  const failed = eventDef({
    type: `${type}.failed` as const,
    data: answer<Failed<Q>>(request),
    older: [],
    madeBy: type,
  });
  const defines: readonly EventType[] = [call, done, failed];
  const handlers = [performer(call as unknown as EventDef)];
  return Object.assign(call, {
    done,
    failed,
    result,
    timeoutMs,
    attempts,
    defines,
    handlers,
    makes: [type],
  });
}

/** Takes a call that another runtime published and puts it into an outbox here, from which it is performed. */
function performer(call: EventDef) {
  const step = ({ event }: StepInput<unknown, Incoming, unknown>) => {
    const draft: Draft = call(event.subject, event.data, { key: 'perform' });
    return { emit: draft };
  };
  const subscription = {
    event: call,
    step: step as Subscription['step'],
    subjectOf: ownSubject,
    incoming: true,
    from: ['app', 'service'],
  } as const;
  return handlerOf(
    { name: call.type, state: anything, initial: null, trusted: true },
    new Map([[call.type, subscription]]),
  );
}

function answer<D extends { readonly request: unknown }>(
  request: Schema<D['request']>,
  result?: Schema,
): Schema<D> {
  const validate = (value: unknown): StandardSchemaV1.Result<D> => {
    const given = value as { readonly request?: unknown; readonly result?: unknown };
    const issue =
      check(request, given.request).issue ?? (result && check(result, given.result).issue);
    return issue === undefined
      ? { value: value as D }
      : { issues: [{ message: issue.message, path: issue.at.split('.') }] };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}
