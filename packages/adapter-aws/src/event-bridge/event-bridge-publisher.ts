import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { clientDefaults, lazily } from '../lazily.ts';
import { batchPublisher } from '../sending/batch-publisher.ts';
import { failed, published } from '../sending/failure.ts';
import { assertPositive, assertText, type SendingOptions } from '../sending/options.ts';
import { xRayOf } from './x-ray-header.ts';

/** Which bus, and how it is reached. */
export interface EventBridgePublisherOptions extends SendingOptions {
  /** The name or ARN of a bus: the account's `default` unless given. */
  readonly bus?: string;
  /** A client of your own; otherwise one is made on first use, with the region and the credentials of the environment. */
  readonly client?: EventBridgeClient;
}

// Of one request, and so of one event: what its entry has besides the detail is the two names and the time.
const most = 1_000_000;
const entryBytes = 1_024;

/**
 * Puts events on a bus, up to ten in one request.
 *
 * `source` and `detail-type` are the event's source and type, and the detail is the whole event in structured mode: rules match
 * `{ "detail": { "type": [...], "subject": [...] } }`. A bus keeps no order, and writes the JSON anew. Each entry of an answer is looked
 * at. An event above 998,976 bytes fails for good (`limit-exceeded`), and so does one that EventBridge finds invalid (`invalid-event`);
 * everything else may be tried again. It needs `events:PutEvents`.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function eventBridgePublisher(options: EventBridgePublisherOptions = {}): Publisher {
  const { bus = 'default', client: given, timeoutMs, concurrency = 16 } = options;
  assertText('bus', bus);
  assertPositive('concurrency', concurrency);
  const open = lazily('@aws-sdk/client-eventbridge', 'publisher-unavailable', async () => {
    const sdk = await import('@aws-sdk/client-eventbridge');
    return { sdk, client: given ?? new sdk.EventBridgeClient(clientDefaults(timeoutMs)) };
  });
  const where = `The bus "${bus}"`;
  return batchPublisher({
    where,
    ordered: false,
    maxEventBytes: most - entryBytes,
    maxRequestBytes: most,
    entryBytes,
    concurrency,
    async send(batch) {
      const { sdk, client } = await open();
      const { Entries = [] } = await client.send(
        new sdk.PutEventsCommand({ Entries: batch.map((outgoing) => entryOf(outgoing, bus)) }),
      );
      return batch.map((_, index) => resultOf(Entries[index]?.EventId, Entries[index], where));
    },
  });
}

function entryOf({ event, body, traceparent }: Outgoing, bus: string): PutEventsRequestEntry {
  const { source, type, time } = event;
  const trace = xRayOf(traceparent);
  return {
    EventBusName: bus,
    Source: source,
    DetailType: type,
    Detail: body,
    ...(time === undefined ? {} : { Time: new Date(time) }),
    ...(trace === undefined ? {} : { TraceHeader: trace }),
  };
}

// Everything else is a failure of theirs, a throttle, or can be mended.
const final = /Malformed|InvalidArgument|Validation|TooLarge/;

/** An entry has been taken if it has an id; the request is answered with 200 either way. */
function resultOf(
  id: string | undefined,
  { ErrorCode = 'no answer' }: { readonly ErrorCode?: string | undefined } = {},
  where: string,
): PublishResult {
  if (id !== undefined && id !== '') return published;
  const retryable = !final.test(ErrorCode);
  const code = retryable ? 'publisher-unavailable' : 'invalid-event';
  return failed(code, `${where} did not take an event (${ErrorCode}).`, { retryable });
}
