import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import type { CallFunction } from '../ports/runtime.ts';
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

/**
 * The functions behind calls, by their types, for the `calls` of a runtime:
 * `const calls: CallFunctions<typeof classify | typeof push> = { … }`.
 */
export type CallFunctions<C extends { readonly type: string }> = {
  readonly [One in C as One['type']]: One extends Call<string, infer Q, infer A>
    ? (request: Q, options: Parameters<CallFunction>[1]) => Promise<A>
    : never;
};

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
  assertCount(type, 'timeoutMs', timeoutMs);
  assertCount(type, 'attempts', attempts);
  const call = eventDef<T, Q>({ type, data: request, older: [] });
  const done = eventDef({
    type: `${type}.done` as const,
    data: answer<Done<Q, A>>({ request, result }),
    older: [],
    madeBy: type,
  });
  const failed = eventDef({
    type: `${type}.failed` as const,
    data: answer<Failed<Q>>({ request, code: text, attempts: number }),
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

function assertCount(type: string, field: string, given: number): void {
  if (Number.isSafeInteger(given) && given >= 1) return;
  throw new HearthError(
    'invalid-definition',
    `The call "${type}" needs ${field} of at least 1 and whole, not ${given}.`,
    { field },
  );
}

/** A schema of an object with exactly these properties. */
function answer<D extends object>(parts: { readonly [K in keyof D]: Schema<D[K]> }): Schema<D> {
  const validate = (given: unknown): StandardSchemaV1.Result<D> => {
    const value: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries<Schema>(parts)) {
      const checked = check(schema, (given as Readonly<Record<string, unknown>> | null)?.[key]);
      if (checked.issue !== undefined) {
        const { at, message } = checked.issue;
        return { issues: [{ message, path: at === '' ? [key] : [key, ...at.split('.')] }] };
      }
      value[key] = checked.value;
    }
    return { value: value as D };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}

function simple<O>(kind: 'string' | 'number'): Schema<O> {
  const validate = (value: unknown): StandardSchemaV1.Result<O> =>
    // The name of the kind is all that its type says.
    typeof value === kind ? { value: value as O } : { issues: [{ message: `must be a ${kind}` }] };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}

const text = simple<string>('string');
const number = simple<number>('number');
