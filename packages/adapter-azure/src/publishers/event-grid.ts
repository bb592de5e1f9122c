import { HearthError, isHearthError } from '@hearth/core';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core';
import { byteLength, inLanes, oneByOne, partitionOf } from '@hearth/core/ports';
import { invalid } from './amqp-connection.ts';
import { addressOf, answerFailure, noAnswer } from './http-failure.ts';
import { leftToLive } from './identity.ts';
import { failed, published } from './results.ts';

/** Where events go: a topic, domain or partner namespace of Event Grid whose input schema is CloudEvents 1.0, or a topic of a namespace. */
export interface EventGridOptions {
  /**
   * The endpoint of the topic (`https://<topic>.<region>-1.eventgrid.azure.net/api/events`), or for a namespace
   * `https://<namespace>.<region>-1.eventgrid.azure.net/topics/<topic>:publish`.
   */
  readonly endpoint: string;
  /** An access key of the topic, asked for before each call. */
  readonly key?: () => string | Promise<string>;
  /** An access token of Microsoft Entra for `https://eventgrid.azure.net`, asked for before each call. */
  readonly token?: () => string | Promise<string>;
  /** How many events one request may have: 500 unless given. */
  readonly maxEventsPerRequest?: number;
  /** How long one request may take: 10,000 ms unless given. */
  readonly timeoutMs?: number;
}

// https://learn.microsoft.com/azure/event-grid/quotas-limits: 1 MB for one event, and for a request.
const maxBytes = 1_000_000;
const atOnce = 16;
const service = 'Event Grid';

/**
 * Sends events to Azure Event Grid as a batch of CloudEvents, each as it is stored, by plain HTTP.
 *
 * Event Grid takes or refuses a request as a whole, and delivers in no order. One that was refused for its content (400, 413) is sent
 * again event by event, so that only the event fails that is to blame; 401, 403, 404, 429 and 5xx may be tried again. Nothing of a partition
 * is sent after a failure in it. An event that has expired, or has more than 1 MB, fails for good.
 *
 * @throws {HearthError} `invalid-option` for an endpoint that is none, or without `key` and `token`.
 */
export function eventGridPublisher(
  options: EventGridOptions,
): Publisher & { readonly ordered: true } {
  const settings = settingsOf(options);
  return {
    ordered: true,
    async publish(events) {
      if (events.length === 0) return [];
      let headers: Record<string, string>;
      try {
        headers = { ...(await settings.headers()), 'content-type': contentType };
      } catch (cause) {
        return events.map(() => failed(noAnswer(service, cause)));
      }
      const post = (batch: readonly Outgoing[]) => postAll(settings, headers, batch);
      return publishAll(events, settings.maxEventsPerRequest, post);
    },
  };
}

const contentType = 'application/cloudevents-batch+json; charset=utf-8';
type Post = (batch: readonly Outgoing[]) => Promise<HearthError | undefined>;

async function publishAll(
  events: readonly Outgoing[],
  most: number,
  post: Post,
): Promise<readonly PublishResult[]> {
  const results = new Map<Outgoing, PublishResult>();
  const stopped = new Set<string>();
  const settle = (batch: readonly Outgoing[], answers: readonly PublishResult[]) => {
    batch.forEach((outgoing, at) => {
      const answer = answers[at] ?? skipped;
      results.set(outgoing, answer);
      if (answer.outcome !== 'published') stopped.add(partitionOf(outgoing.event));
    });
  };
  for (const batch of batchesOf(events, most)) {
    const live = batch.filter(({ event }) => !stopped.has(partitionOf(event)));
    settle(live, await sendBatch(live, post));
  }
  return events.map((outgoing) => results.get(outgoing) ?? skipped);
}

const skipped: PublishResult = { outcome: 'skipped' };

/** Sends a batch at once; event by event where one of them cannot be sent, or may be why the batch was refused. */
async function sendBatch(
  batch: readonly Outgoing[],
  post: Post,
): Promise<readonly PublishResult[]> {
  if (batch.length === 0) return [];
  const sendOne = async (outgoing: Outgoing) => {
    const error = unsendable(outgoing) ?? (await post([outgoing]));
    return error === undefined ? published : failed(error);
  };
  const alone = () => inLanes(batch, (lane) => oneByOne(lane, sendOne), { most: atOnce });
  if (batch.length === 1 || batch.some((outgoing) => unsendable(outgoing) !== undefined)) {
    return alone();
  }
  const error = await post(batch);
  if (error === undefined) return batch.map(() => published);
  return error.retryable ? batch.map(() => failed(error)) : alone();
}

/** The events in order, as many to a request as it takes. */
function* batchesOf(events: readonly Outgoing[], most: number): Iterable<readonly Outgoing[]> {
  let batch: Outgoing[] = [];
  let bytes = 2;
  for (const outgoing of events) {
    const size = byteLength(outgoing.body) + 1;
    if (batch.length > 0 && (batch.length === most || bytes + size > maxBytes)) {
      yield batch;
      batch = [];
      bytes = 2;
    }
    batch.push(outgoing);
    bytes += size;
  }
  yield batch;
}

function unsendable({ event, body }: Outgoing): HearthError | undefined {
  const left = leftToLive(event);
  if (isHearthError(left)) return left;
  // The brackets of a batch of one.
  const size = byteLength(body) + 2;
  if (size <= maxBytes) return undefined;
  const message = `The event "${event.id}" has ${size} bytes; Event Grid takes ${maxBytes}.`;
  return new HearthError('limit-exceeded', message);
}

interface Settings {
  readonly url: URL;
  readonly maxEventsPerRequest: number;
  readonly timeoutMs: number;
  headers(): Promise<Record<string, string>>;
}

async function postAll(
  { url, timeoutMs }: Settings,
  headers: Record<string, string>,
  batch: readonly Outgoing[],
): Promise<HearthError | undefined> {
  try {
    const body = `[${batch.map((outgoing) => outgoing.body).join()}]`;
    const signal = AbortSignal.timeout(timeoutMs);
    const request = { method: 'POST', redirect: 'manual', headers, body, signal } as const;
    const answer = await fetch(url, request);
    await answer.body?.cancel();
    return answer.ok ? undefined : answerFailure(service, answer.status);
  } catch (cause) {
    return noAnswer(service, cause);
  }
}

/** The API versions of topics, and of topics of namespaces. */
const versions = { topic: '2018-01-01', namespace: '2023-11-01' };

function settingsOf(options: EventGridOptions): Settings {
  const { endpoint, key, token, maxEventsPerRequest = 500, timeoutMs = 10_000 } = options;
  for (const [field, value] of Object.entries({ maxEventsPerRequest, timeoutMs })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(field, 'must be a positive integer');
  }
  const url = addressOf('endpoint', endpoint);
  if (key === undefined && token === undefined)
    throw invalid('key', 'is missing: give it, or "token"');
  for (const [field, secret] of Object.entries({ key, token })) {
    if (secret !== undefined && typeof secret !== 'function') {
      throw invalid(field, 'must be a function that gives it: it is a secret');
    }
  }
  const isNamespace = url.pathname.endsWith(':publish');
  if (!url.searchParams.has('api-version')) {
    url.searchParams.set('api-version', versions[isNamespace ? 'namespace' : 'topic']);
  }
  const headers = async (): Promise<Record<string, string>> => {
    if (token !== undefined) return { authorization: `Bearer ${await token()}` };
    const secret = (await key?.()) ?? '';
    return isNamespace ? { authorization: `SharedAccessKey ${secret}` } : { 'aeg-sas-key': secret };
  };
  return { url, maxEventsPerRequest, timeoutMs, headers };
}
