import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Span } from '../ports/tracing.ts';
import { accept } from './accept.ts';
import type { App } from './define-app.ts';
import type { Input } from './input.ts';
import { markOf, type Mark } from './seen.ts';
import { maySpeak, type Speaking } from './speaks.ts';
import { log, logged, loggedError, startSpan } from './telemetry.ts';
import { count, type Context, type Fate, type Work } from './work.ts';

/** One input on its way. */
export interface Lane {
  readonly input: Input;
  readonly span: Span | undefined;
  readonly work: Work | undefined;
  fate: Fate | undefined;
  tries: number;
}

/** Checks an input: what is left to do for it, or what has become of it already. */
export function laneOf(context: Context, input: Input, known?: Fate): Lane {
  const { event } = input;
  if (known !== undefined)
    return { input, span: undefined, work: undefined, tries: 0, fate: known };
  if (isHearthError(event)) {
    return { input, span: undefined, work: undefined, tries: 0, fate: rejection(event) };
  }
  if (context.runtime.shadow?.takes(event, input.now ?? context.runtime.clock.now()) === true)
    return { input, span: undefined, work: undefined, tries: 0, fate: { status: 'done' } };
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
    if (isHearthError(cause) && cause.retryable)
      return { input, span, work: undefined, tries: 0, fate: { status: 'retry', error: cause } };
    const isAnswer = isHearthError(cause) && cause.code !== 'invalid-definition';
    const fate = isAnswer ? answered(context, cause, event) : unchecked(context, cause);
    return { input, span, work: undefined, tries: 0, fate };
  }
}

const rejection = ({ code, message, field }: HearthError): Fate => ({
  status: 'rejected',
  code,
  message,
  ...(field === undefined ? {} : { data: { field } }),
});

/** A schema, an older version's `upcast` or `speaksFor` threw: a bug of the app, and nobody knows what it would have said. */
function unchecked(context: Context, cause: unknown): Fate {
  log(context, 'error', loggedError(cause), 'An input could not be checked.');
  const error = new HearthError('step-failed', 'The input could not be checked.', { cause });
  return { status: 'failed', error };
}

const unknownTypes = new WeakMap<App, Set<string>>();
const unknownKept = 1000;

/** An event of a type that nobody defines is none of our business: done, counted, and logged once per type. */
function answered(context: Context, error: HearthError, event: CloudEvent): Fate {
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
  assertSource(app, principal, event);
  const clean = principal.kind === 'app' || principal.kind === 'service' ? event : cleaned(event);
  // First of all, so that who may not speak learns nothing of what would fit, and is heard of whatever they say.
  assertSpeaksFor(context, principal, clean);
  const accepted = accept(app, clean);
  return {
    event: accepted,
    mark: marked(clean),
    now: own ? saidAt(event, runtime) : (input.now ?? runtime.clock.now()),
    principal,
    order: input.order ?? accepted.partitionkey ?? accepted.subject,
    traceparent,
  };
}

function marked(event: CloudEvent): Mark {
  try {
    return markOf(event);
  } catch (cause) {
    const message = `The data of "${event.type}" is nothing that JSON can hold.`;
    throw new HearthError('invalid-data', message, { field: 'data', cause });
  }
}

/** For whom the senders of inputs have to speak before anything else is looked at. */
export function speakingIn(app: App, inputs: readonly Input[]): readonly Speaking[] {
  return inputs.flatMap(({ event, principal }) => {
    const subject = isHearthError(event) ? undefined : spokenFor(app, principal, event);
    return subject === undefined ? [] : [{ principal, subject }];
  });
}

/** The subject that a sender has to speak for; `undefined` if there is none, or if anybody of their kind may say this. */
function spokenFor(app: App, { kind }: Principal, event: CloudEvent): string | undefined {
  const { type, subject } = event;
  const types = app.types.get(type);
  if (subject === undefined || subject === '' || types === undefined) return undefined;
  return types[0]?.event.open?.includes(kind) === true ? undefined : subject;
}

function assertSpeaksFor(context: Context, principal: Principal, event: CloudEvent): void {
  const { type } = event;
  const subject = spokenFor(context.app, principal, event);
  if (subject === undefined || maySpeak(context, principal, subject)) return;
  const message = `A ${principal.kind} may not speak for the subject of "${type}".`;
  throw new HearthError('not-permitted', message, { field: 'subject' });
}

/** When the app said it. Midnight of 1970 is an instant too: simulations begin there. */
function saidAt({ time = '' }: CloudEvent, { clock }: Runtime): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? clock.now() : at;
}

/** Under the app's own source, somebody else's event could be taken for one of the app's, or keep it from being handled. */
function assertSource({ source }: App, { kind }: Principal, event: CloudEvent): void {
  if (event.source !== source || kind === 'app' || kind === 'service') return;
  const message = `A ${kind} may not speak in the name of the app "${source}".`;
  throw new HearthError('not-permitted', message, { field: 'source' });
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
