import type { IncomingMessage } from 'node:http';
import { isHearthError, loggable, type App, type Handled, type Principal } from '@hearth/core';
import type { Runtime } from '@hearth/core';
import { defaultLimits, type AttributeValue, type CloudEvent } from '@hearth/core/event';
import { answerTo, type Answer } from './answer.ts';
import { hideToken, type Authenticate } from './auth.ts';
import { decompress, encodingOf, readBody } from './body.ts';
import { decode, type Decoded } from './decode.ts';
import type { HandleInputs } from './gather.ts';
import type { KnativeOptions } from './options.ts';
import { quietly } from './quietly.ts';
import { prefersReply, replyAnswer, replyEvents, type ReplyEvent } from './reply.ts';

const anonymous: Principal = { kind: 'anonymous', id: '' };
const unproved: Answer = { status: 401, headers: { 'www-authenticate': 'Bearer' } };
const uncheckable: Answer = { status: 503 };

/**
 * Gives the function that takes the events of a POST and says what to answer.
 *
 * It rejects with a `HearthError` if the request cannot be read. If the sender goes away, its promise stays open.
 */
export function receiver(
  app: App,
  options: KnativeOptions,
  runtime: Runtime,
  handleInputs: HandleInputs,
): (request: IncomingMessage) => Promise<Answer> {
  const { auth = anonymous, compressed = false, batch = false, rejected = 'accept' } = options;
  const authenticate: Authenticate = typeof auth === 'function' ? auth : () => auth;
  const limits = { ...defaultLimits, ...options.limits };
  const replyTo = replyEvents(app, options.replyType);

  return async (request) => {
    hideToken(request);
    const encoding = encodingOf(request, compressed);
    const { principal, answer } = await prove(request, authenticate, runtime);
    if (principal === undefined) return answer;
    const sent = await readBody(request, limits.maxBytes);
    const body = encoding === undefined ? sent : await decompress(sent, encoding, limits.maxBytes);
    const headers = pairsOf(request.rawHeaders);
    const decoded = decode({ headers, body }, { principal, batch, limits });
    note(runtime, decoded);
    const handled = await handleInputs(decoded.inputs);
    return replyOf(request, decoded, handled, replyTo, runtime) ?? answerTo(handled, rejected);
  };
}

/** Who is speaking, or what a sender is told of whom that is not known. */
type Proof = { readonly principal: Principal; readonly answer?: undefined } | Unproved;
type Unproved = { readonly principal?: undefined; readonly answer: Answer };

async function prove(
  request: IncomingMessage,
  authenticate: Authenticate,
  runtime: Runtime,
): Promise<Proof> {
  try {
    const principal = (await authenticate(request)) as Partial<Principal> | null | undefined;
    if (principal === undefined || principal === null) return { answer: unproved };
    const { kind, id } = principal;
    if (typeof kind === 'string' && typeof id === 'string')
      return { principal: principal as Principal };
    throw new TypeError('auth must give a principal with kind and id, or undefined');
  } catch (error) {
    quietly(() => runtime.logger?.error({ err: error }, 'Who is speaking could not be checked.'));
    return { answer: uncheckable };
  }
}

// Node joins the values of a header that is sent twice, which would let one attribute hide in another.
function pairsOf(raw: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] as string, raw[at + 1] as string]);
  return pairs;
}

/** Logs why a dead-letter sink is being sent what another service could not take. */
function note({ logger }: Runtime, { inputs }: Decoded): void {
  for (const { event } of inputs) {
    if (isHearthError(event) || event['knativeerrorcode'] === undefined) continue;
    const fields = Object.fromEntries(
      ['knativeerrordest', 'knativeerrorcode', 'knativeerrordata'].map((name) => {
        // Attributes are texts, numbers or booleans.
        return [name, loggable(`${(event[name] ?? '') as AttributeValue}`)];
      }),
    );
    const all = { ...fields, eventType: loggable(event.type) };
    quietly(() => logger?.info(all, 'A dead letter came in.'));
  }
}

/** The reply of a step, for a sender that wants one; `undefined` if there is none. */
function replyOf(
  request: IncomingMessage,
  { mode, inputs }: Decoded,
  [handled]: readonly Handled[],
  replyTo: ReplyEvent,
  { logger }: Runtime,
): Answer | undefined {
  if (mode === 'batch' || handled?.verdict !== 'done' || handled.reply === undefined) {
    return undefined;
  }
  if (!prefersReply(request.headers['prefer'])) return undefined;
  try {
    return replyAnswer(replyTo(inputs[0]?.event as CloudEvent, handled.reply), mode);
  } catch (error) {
    // The event is done; only "replyType" can be wrong here.
    quietly(() => logger?.error({ err: error }, 'A reply could not be made into an event.'));
    return undefined;
  }
}
