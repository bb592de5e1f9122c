import { HearthError, isHearthError } from '../event/error.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import { speaksForItself, type Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Span } from '../ports/tracing.ts';
import { accept } from './accept.ts';
import { deadLetterOf, deadLetterOfRaw, deniedOf } from './dead-letter.ts';
import type { App } from './define-app.ts';
import { drive, publish, sleep, type Task } from './effect.ts';
import type { Handled, Input } from './input.ts';
import { backoff } from './outbox.ts';
import { carryOut } from './carry-out.ts';
import { markOf } from './seen.ts';
import { log, logged, startSpan } from './telemetry.ts';
import { count, type Context, type Fate, type Work } from './work.ts';

/** How a trigger's batch is handled. */
export interface HandleOptions {
  /** `key`: inputs of one order key stay in order, and after a `retry` the rest of them is also `retry`, not run. */
  readonly order?: 'none' | 'key';
}

/** How often a failing step is tried in process where the host does not count its deliveries. */
const triesInProcess = 3;

/**
 * Handles a batch of inputs: checks them, runs every handler, saves, delivers, and decides. One answer per input, in their order.
 *
 * Never rejects: whatever goes wrong becomes a verdict. Each input is done exactly once in effect while its double falls inside the record's
 * window; what it emits is delivered at least once, with equal id and bytes.
 */
export function handle(
  app: App,
  inputs: readonly Input[],
  runtime: Runtime,
  options: HandleOptions = {},
): Promise<readonly Handled[]> {
  return drive(handling(app, inputs, runtime, options), runtime);
}

/** The task behind `handle`. */
export function* handling(
  app: App,
  inputs: readonly Input[],
  runtime: Runtime,
  options: HandleOptions = {},
): Task<readonly Handled[]> {
  const context: Context = {
    app,
    runtime,
    ordered: options.order === 'key',
    inFlight: new Set(),
    carryOut,
  };
  count(context, 'received', inputs.length);
  const lanes = inputs.map((input) => laneOf(context, input));
  yield* work(context, lanes);
  yield* bury(context, lanes);
  return lanes.map((lane) => answer(context, lane));
}

/** One input on its way. */
interface Lane {
  readonly input: Input;
  readonly span: Span | undefined;
  readonly work: Work | undefined;
  fate: Fate | undefined;
  tries: number;
}

function laneOf(context: Context, input: Input): Lane {
  const { event } = input;
  if (isHearthError(event)) {
    return { input, span: undefined, work: undefined, tries: 0, fate: rejection(event) };
  }
  const span = startSpan(
    context,
    'process',
    'consumer',
    event,
    input.traceparent ?? event.traceparent,
  );
  try {
    return {
      input,
      span,
      work: workOf(context, input, event, span.traceparent()),
      fate: undefined,
      tries: 0,
    };
  } catch (cause) {
    const error = isHearthError(cause)
      ? cause
      : new HearthError('invalid-event', 'The input is no event.', { cause });
    return { input, span, work: undefined, tries: 0, fate: known(context, error, event) };
  }
}

const rejection = ({ code, message, field }: HearthError): Fate => ({
  status: 'rejected',
  code,
  message,
  ...(field === undefined ? {} : { data: { field } }),
});

const unknownTypes = new WeakMap<App, Set<string>>();
const unknownKept = 1000;

/** An event of a type that nobody defines is none of our business: done, counted, and logged once per type. */
function known(context: Context, error: HearthError, event: CloudEvent): Fate {
  if (error.code !== 'unknown-type') return rejection(error);
  count(context, 'unknown_type');
  const types = unknownTypes.get(context.app) ?? new Set();
  unknownTypes.set(context.app, types);
  if (!types.has(event.type) && types.size < unknownKept) {
    types.add(event.type);
    log(
      context,
      'warn',
      logged(event),
      'Nobody in the app knows this event type; further ones are only counted.',
    );
  }
  return { status: 'done' };
}

function workOf(
  context: Context,
  input: Input,
  event: CloudEvent,
  traceparent: string | undefined,
): Work {
  const { app, runtime } = context;
  const { principal } = input;
  const own = isOwn(app, principal, event);
  const clean = principal.kind === 'app' || principal.kind === 'service' ? event : cleaned(event);
  const accepted = accept(app, clean);
  const { speaksFor = speaksForItself } = runtime;
  if (!speaksFor(principal, accepted.subject)) {
    throw new HearthError(
      'not-permitted',
      `A ${principal.kind} may not speak for the subject of "${event.type}".`,
      {
        field: 'subject',
      },
    );
  }
  return {
    event: accepted,
    mark: markOf(clean),
    now: own
      ? Date.parse(event.time ?? '') || runtime.clock.now()
      : (input.now ?? runtime.clock.now()),
    principal,
    order: input.order ?? accepted.partitionkey ?? accepted.subject,
    traceparent,
  };
}

/** What the app itself said, and the bus brought back, is handled as of the time it was said. */
function isOwn(app: App, principal: Principal, event: CloudEvent): boolean {
  return principal.kind === 'app' && event.source === app.source;
}

// Only the app and trusted services may say where an event belongs, how deep it is, or who is behind it.
const reserved = ['partitionkey', 'recordseq', 'hearthdepth', 'authtype', 'authid', 'authclaims'];

function cleaned(event: CloudEvent): CloudEvent {
  if (!reserved.some((name) => event[name] !== undefined)) return event;
  return Object.fromEntries(
    Object.entries(event).filter(([name]) => !reserved.includes(name)),
  ) as unknown as CloudEvent;
}

/** Runs what is to be run; a failing step is tried again here only where the host does not count. */
function* work(context: Context, lanes: readonly Lane[]): Task<void> {
  let open = lanes.filter((lane) => lane.fate === undefined);
  while (open.length > 0) {
    const works = open.flatMap((lane) => lane.work ?? []);
    const fates = yield* context.carryOut(context, works);
    open.forEach((lane, index) => {
      lane.fate = fates[index];
      lane.tries += 1;
    });
    open = open.filter(
      ({ fate, input, tries }) =>
        fate?.status === 'failed' && isBlind(input) && tries < triesInProcess,
    );
    if (open.length > 0) yield* sleep(backoff(context, open[0]?.tries ?? 1) / 20);
  }
}

/** The host tells neither how often it has delivered an input nor that it was the last time. */
const isBlind = ({ attempt, lastAttempt }: Input): boolean =>
  attempt === undefined && lastAttempt === undefined;

/** A failed input has had its last chance: it will be a dead letter and nothing else. */
const isSpent = ({ input, fate }: Lane): boolean =>
  fate?.status === 'failed' && (isBlind(input) || input.lastAttempt === true);

/** Hands rejected and spent inputs to the dead letters; what these do not take must be delivered again. */
function* bury(context: Context, lanes: readonly Lane[]): Task<void> {
  const buried = lanes.filter((lane) => lane.fate?.status === 'rejected' || isSpent(lane));
  if (buried.length === 0) return;
  const letters = buried.map((lane) => letterOf(context, lane));
  const results = yield* publish(
    letters.map((event) => ({ event, body: JSON.stringify(event) })),
    true,
  );
  buried.forEach((lane, index) => {
    const result = results[index];
    const { code, message } = reasonOf(lane);
    if (result?.outcome === 'published') lane.fate = { status: 'rejected', ...reasonOf(lane) };
    else {
      const error = result?.outcome === 'failed' ? result.error : undefined;
      const text = `The dead letter for "${code}" (${message}) was not accepted.`;
      lane.fate = {
        status: 'retry',
        error: new HearthError('publisher-unavailable', text, { retryable: true, cause: error }),
      };
    }
  });
  yield* alarm(
    context,
    buried.filter(
      (lane) => lane.fate?.status === 'rejected' && reasonOf(lane).code === 'not-permitted',
    ),
  );
}

function reasonOf({ fate }: Lane): {
  readonly code: string;
  readonly message?: string;
  readonly data?: unknown;
} {
  if (fate === undefined || fate.status === 'done') return { code: 'step-failed' };
  if (fate.status === 'rejected') {
    const { code, message, data } = fate;
    return {
      code,
      ...(message === undefined ? {} : { message }),
      ...(data === undefined ? {} : { data }),
    };
  }
  return { code: fate.error.code, message: fate.error.message };
}

const rawIds = hashState('hearth.raw');

function letterOf({ app, runtime }: Context, lane: Lane): CloudEvent {
  const { event, raw, id } = lane.input;
  const now = runtime.clock.now();
  if (!isHearthError(event)) return deadLetterOf(app, event, reasonOf(lane), now);
  const identity = id ?? toBase32(hashFrom(rawIds, [raw ?? '']));
  return deadLetterOfRaw(app, identity, raw, reasonOf(lane), now);
}

/** Somebody spoke for another: a security event, besides the dead letter. */
function* alarm(context: Context, lanes: readonly Lane[]): Task<void> {
  const denied = lanes.flatMap(({ input }) => {
    if (isHearthError(input.event)) return [];
    count(context, 'identity_mismatch');
    const { kind, id } = input.principal;
    log(
      context,
      'warn',
      { ...logged(input.event, `${kind}:${id}`), reason: 'not-permitted' },
      'Somebody spoke for another.',
    );
    return [deniedOf(context.app, input.event, `${kind}:${id}`, context.runtime.clock.now())];
  });
  if (denied.length > 0)
    yield* publish(denied.map((event) => ({ event, body: JSON.stringify(event) })));
}

function answer(context: Context, { fate, span, input }: Lane): Handled {
  const handled = verdictOf(fate);
  const { verdict, code } = handled;
  if (verdict !== 'done') {
    span?.fail(code ?? verdict);
    const { event, principal, attempt } = input;
    const fields = isHearthError(event) ? {} : logged(event, `${principal.kind}:${principal.id}`);
    const level = verdict === 'retry' ? 'warn' : 'info';
    log(
      context,
      level,
      { ...fields, attempt, outcome: verdict, reason: code },
      `An input was answered with "${verdict}".`,
    );
  }
  span?.end();
  count(
    context,
    verdict === 'done' ? 'ok' : verdict === 'rejected' ? 'drop' : 'retry',
    1,
    code === undefined ? {} : { code },
  );
  return handled;
}

/** The one place where an input's fate becomes a verdict. */
function verdictOf(fate: Fate | undefined): Handled {
  if (fate === undefined) return { verdict: 'retry' };
  switch (fate.status) {
    case 'done': {
      const { reply, duplicate } = fate;
      return {
        verdict: 'done',
        ...(reply === undefined ? {} : { reply }),
        ...(duplicate === true ? { duplicate } : {}),
      };
    }
    case 'rejected': {
      const { code, message, data } = fate;
      return {
        verdict: 'rejected',
        code,
        ...(message === undefined ? {} : { message }),
        ...(data === undefined ? {} : { data }),
      };
    }
    case 'failed':
    case 'retry':
      return { verdict: 'retry', code: fate.error.code, message: fate.error.message };
  }
}
