import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Handler, Outcome, Rejection, StepInput, Subscription } from '../model/handler.ts';
import { checkNamed } from '../model/partial.ts';
import { check } from '../model/schema.ts';
import { shapeOf } from '../model/shape.ts';
import type { Principal } from '../ports/principal.ts';
import type { App } from './define-app.ts';
import { emissions, type StampedTimer } from './emissions.ts';

/** What `run` needs to know of a record: whose it is, what it holds, and how many events it has emitted. */
export interface RunRecord {
  readonly subject: string;
  readonly state: unknown;
  readonly counter: number;
  readonly hash?: string;
}

/** What `run` is given besides the record: the event, what was read, the instant and who speaks. */
export interface RunInput {
  readonly event: Incoming;
  readonly reads: unknown;
  readonly now: number;
  readonly principal: Principal;
  /** The running span, for a story that begins here. */
  readonly traceparent?: string | undefined;
}

/** A step's outcome, checked and stamped. `state` is the record's own when nothing changed. */
export interface Ran {
  readonly state: unknown;
  readonly emitted: readonly CloudEvent[];
  readonly timers: readonly StampedTimer[];
  readonly cancel: readonly string[];
  readonly reply: unknown;
  readonly replyTo: readonly string[] | undefined;
  readonly reject: Rejection | undefined;
  readonly because: readonly string[] | undefined;
}

const nothing: readonly never[] = [];
const silence = { emitted: nothing, timers: nothing };

/**
 * Runs one handler's step for one event: pure, the same arguments give the same result, ids and bytes included.
 *
 * The event's data has been checked before (`handle` does); the new state and everything emitted are checked here.
 *
 * @throws {HearthError} `step-failed` when the step threw, `async-step` when it returned a promise, `invalid-state` or `invalid-output`
 * when what it returned does not fit, `duplicate-key` when two outputs share type, subject and key, `depth-exceeded`.
 */
export function run(app: App, handler: Handler, record: RunRecord, input: RunInput): Ran {
  const outcome = outcomeOf(handler, record.state, input);
  const state =
    outcome.state === undefined ? record.state : checkedState(handler, record.state, outcome.state);
  const { emit, cancel = nothing, reply, reject, because } = outcome;
  const replyTo = outcome.replyTo === undefined ? undefined : [outcome.replyTo].flat();
  if (reject !== undefined) assertRejection(handler, reject);
  const quietly = emit === undefined && outcome.timers === undefined;
  const { emitted, timers } = quietly ? silence : emissions(app, handler, record, input, outcome);
  if (reply !== undefined || reject?.data !== undefined) assertSayable(handler, [reply, reject]);
  if (replyTo !== undefined) assertQuestion(handler, replyTo, reply);
  return { state, emitted, timers, cancel, reply, replyTo, reject, because };
}

/** The code becomes part of a dead letter's id, and whoever was refused goes by it. */
function assertRejection({ name }: Handler, reject: Rejection | null): void {
  const code: unknown = reject?.code;
  if (typeof code === 'string' && code !== '') return;
  const message = `"${name}" rejected without a code; return { reject: { code: '…' } }.`;
  throw new HearthError('invalid-output', message, { field: 'reject' });
}

/** An answer goes over the wire, and into the record for the input's double. */
function assertSayable({ name }: Handler, answer: unknown): void {
  try {
    JSON.stringify(answer);
  } catch (cause) {
    throw new HearthError('invalid-output', `"${name}" answered with what is no JSON.`, { cause });
  }
}

function assertQuestion({ name }: Handler, questions: readonly unknown[], reply: unknown): void {
  const areIds = questions.every((one) => typeof one === 'string' && one !== '');
  if (areIds && (reply !== undefined || questions.length === 0)) return;
  const message = `"${name}" answered another question without a reply, or without the question's id.`;
  throw new HearthError('invalid-output', message, { field: 'replyTo' });
}

function outcomeOf(handler: Handler, state: unknown, input: RunInput): Outcome {
  const { event } = input;
  const subscription = handler.subscriptions.get(event.type);
  if (subscription === undefined) {
    throw new HearthError('unknown-type', `"${handler.name}" does not handle "${event.type}".`, {
      field: 'type',
    });
  }
  const outcome = attempt(handler, subscription, state, input);
  if (typeof outcome === 'object' && outcome !== null && !isPromise(outcome)) return outcome;
  const what = isPromise(outcome)
    ? 'a promise; a step must not wait'
    : 'nothing; return {} if nothing happened';
  throw new HearthError('async-step', `"${handler.name}" returned ${what} ("${event.type}").`);
}

function attempt(
  handler: Handler,
  { step }: Subscription,
  state: unknown,
  { event, reads, now, principal }: RunInput,
): unknown {
  try {
    return step({ state, event, reads, now, principal } as StepInput<never, never, never>);
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    throw new HearthError(
      'step-failed',
      `"${handler.name}" threw while it handled "${event.type}".`,
      { cause },
    );
  }
}

function isPromise(value: unknown): boolean {
  if (!(value instanceof Promise)) return false;
  // Nobody will wait for it, so its failure must not become an unhandled rejection.
  value.catch(() => undefined);
  return true;
}

/** Checks what a step made of the state; where the schema tells its properties, only those that changed. */
function checkedState(handler: Handler, before: unknown, after: unknown): unknown {
  if (handler.trusted === true || after === before) return after;
  const shape = shapeOf(handler.schema);
  const result =
    shape === undefined || !isObject(before) || !isObject(after)
      ? check(handler.schema, after)
      : checkNamed(handler.schema, differing(before, after), after);
  if (result.issue === undefined) return after;
  const { at, message } = result.issue;
  throw new HearthError(
    'invalid-state',
    `"${handler.name}" made a state that does not fit at "${at}": ${message}`,
    { field: at },
  );
}

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null;

/** The names of what changed. A property that went missing is checked as such, so that its schema can refuse. */
function differing(before: Values, after: Values): readonly string[] {
  const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
  return [...changed, ...Object.keys(before).filter((name) => !Object.hasOwn(after, name))];
}
