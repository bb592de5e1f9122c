import type { App } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import type { Handled, Input } from '../app/input.ts';
import { log, loggable, loggedError } from '../app/telemetry.ts';
import type { AttributeValue } from '../event/cloud-event.ts';
import { isHearthError } from '../event/error.ts';
import type { Limits } from '../event/limits.ts';
import type { Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import { count } from '../app/work.ts';
import { httpAnswer, httpRefusal, type HttpAnswer, type WhenRejected } from './http-answer.ts';
import { httpInputs, type HttpInputs, type HttpMessage } from './http-inputs.ts';
import { httpReplies, type ReplyType } from './http-reply.ts';
import type { HttpSender } from './http-sender.ts';
import { webhookHandshake, type Webhook } from './http-webhook.ts';

/** An HTTP request whose body has been read, and who sends it. */
export interface HttpRequest extends HttpMessage {
  /** `POST` unless given. */
  readonly method?: string | undefined;
  /** Who is speaking, as the channel proved it and `httpSender` found out: `undefined` is answered with 401, `unknown` with 503. */
  readonly principal: HttpSender;
  /** The instant (ms) by which the host must have its answer; that of the runtime unless given. */
  readonly deadline?: number | undefined;
}

/** Handles inputs and gives a verdict for each, in order; never rejects. */
export type HandleInputs = (
  inputs: readonly Input[],
  deadline?: number,
) => Promise<readonly Handled[]>;

/** How requests are taken. */
export interface HttpReceiverOptions {
  /** Whether batches (`application/cloudevents-batch+json`) are taken; no, unless asked for. `limits.maxBatch` bounds them. */
  readonly batch?: boolean | undefined;
  /** What a rejected event is answered with: `accept` (the default) or `refuse`, for a sender that has a dead-letter sink. */
  readonly rejected?: WhenRejected | undefined;
  /** What a request may cost; those of the codec unless given, and 1 MiB for a body. */
  readonly limits?: Partial<Limits> | undefined;
  /** The type of a reply event; that of the event with `.reply` after it, unless given. */
  readonly replyType?: ReplyType | undefined;
  /** Answers the webhook handshake; without it OPTIONS is not allowed. */
  readonly webhook?: Webhook | undefined;
  /** Handles the inputs; `httpHandling` unless given, which something may be put around that shares calls between requests. */
  readonly handle?: HandleInputs | undefined;
}

/**
 * Gives the function that takes the CloudEvents of HTTP requests and says what to answer; it never rejects.
 *
 * 202 done or rejected (200 with a reply, if one was asked for); 409, 429 and 503 to be sent again; 400, 401, 403, 405, 410, 413, 415 and
 * 422 not to be; 500 for a bug. The body of every answer but a reply is empty.
 *
 * @throws {HearthError} `invalid-option` for a webhook that cannot be.
 */
export function httpReceiver(
  app: App,
  runtime: Runtime,
  options: HttpReceiverOptions = {},
): (request: HttpRequest) => Promise<HttpAnswer> {
  const { batch, limits, rejected, webhook } = options;
  const handshake = webhook === undefined ? undefined : webhookHandshake(webhook);
  const notAllowed = {
    status: 405,
    headers: { allow: handshake === undefined ? 'POST' : 'POST, OPTIONS' },
  };
  const handleInputs = options.handle ?? httpHandling(app, runtime, options);
  const replyTo = httpReplies(app, options.replyType);

  const take = async (request: HttpRequest, principal: Principal): Promise<HttpAnswer> => {
    const read = httpInputs(request, { principal, batch, limits });
    note(runtime, read);
    const handled = await handleInputs(read.inputs, request.deadline);
    const reply = replied(runtime, () => replyTo(request.headers, read, handled));
    return httpAnswer(handled, { rejected, reply });
  };
  return async (request) => {
    const { method = 'POST', principal } = request;
    try {
      if (method === 'OPTIONS' && handshake !== undefined) return handshake(request.headers);
      if (method !== 'POST') return counted(notAllowed, runtime);
      if (principal === undefined) return counted(unproved, runtime);
      if (principal === 'unknown') return uncheckable;
      return counted(await take(request, principal), runtime);
    } catch (error) {
      return httpFailure(error, runtime);
    }
  };
}

const uncheckable: HttpAnswer = { status: 503 };
const unproved: HttpAnswer = { status: 401, headers: { 'www-authenticate': 'Bearer' } };

/** How the inputs of requests are handled. */
export interface HttpHandlingOptions extends Pick<HttpReceiverOptions, 'rejected'> {
  /** How long it may take (ms), where the host gives no deadline. */
  readonly deadlineMs?: number | undefined;
}

/** Gives the function that handles the inputs of requests: by a deadline, and with no dead letters of ours where the sender files them. */
export function httpHandling(
  app: App,
  runtime: Runtime,
  { rejected = 'accept', deadlineMs }: HttpHandlingOptions = {},
): HandleInputs {
  const bySender = rejected === 'refuse';
  const how = { deadLetters: bySender ? 'host' : 'own' } as const;
  return (inputs, given = runtime.deadline) => {
    const own = deadlineMs === undefined ? undefined : runtime.clock.now() + deadlineMs;
    const deadline = own === undefined ? given : Math.min(own, given ?? own);
    // A broker that files dead letters also counts its deliveries, so nothing is tried again here.
    const numbered = bySender ? inputs.map((input) => ({ ...input, lastAttempt: false })) : inputs;
    return handle(app, numbered, deadline === undefined ? runtime : { ...runtime, deadline }, how);
  };
}

/**
 * The answer to a request that failed before its inputs could be handled: that of `httpRefusal`, counted as `refused`, or 500 for what is
 * no `HearthError`, which is a bug; the sender is to try again.
 */
export function httpFailure(error: unknown, runtime: Runtime): HttpAnswer {
  if (!isHearthError(error)) {
    log({ runtime }, 'error', loggedError(error), 'A request could not be answered.');
    return { status: 500 };
  }
  const { code, field, message } = error;
  const answer = httpRefusal(error);
  const fields = { reason: code, field, status: answer.status };
  log({ runtime }, 'info', fields, `A request was refused: ${message}`);
  return counted(answer, runtime);
}

/** An answer that is counted as `refused` if it is 4xx. */
function counted(answer: HttpAnswer, runtime: Runtime): HttpAnswer {
  const { status } = answer;
  if (status >= 400 && status < 500) count({ runtime }, 'refused', 1, { status: String(status) });
  return answer;
}

/** Logs why a dead-letter sink is being sent what another service could not take. */
function note(runtime: Runtime, { inputs }: HttpInputs): void {
  for (const { event } of inputs) {
    if (isHearthError(event) || event['knativeerrorcode'] === undefined) continue;
    const names = ['knativeerrordest', 'knativeerrorcode', 'knativeerrordata'];
    const fields = Object.fromEntries(
      names.map((name) => [name, loggable(`${(event[name] ?? '') as AttributeValue}`)]),
    );
    const all = { ...fields, eventType: loggable(event.type) };
    log({ runtime }, 'info', all, 'A dead letter came in.');
  }
}

/** The event is done; only the type that was wanted for the reply can be wrong here. */
function replied(runtime: Runtime, make: () => HttpAnswer | undefined): HttpAnswer | undefined {
  try {
    return make();
  } catch (error) {
    log({ runtime }, 'error', loggedError(error), 'A reply could not be made into an event.');
    return undefined;
  }
}
