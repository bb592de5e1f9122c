import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { sqs, type SqsRecord } from '@hearth/adapter-aws';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { logger } from '@hearth/node';
import { alarm, bareStep, emittingApp, service, structuredText, type State } from './app.ts';
import type { Figures } from './figure.ts';
import { records } from './handling.ts';
import { memoryPersistence } from './powertools-memory.ts';
import { duel, isQuick, type Work } from './rounds.ts';

const batchSize = 10;
const context = { getRemainingTimeInMillis: () => 30_000 };

let n = 0;

function sqsEvent(): { readonly Records: readonly SqsRecord[] } {
  return {
    Records: Array.from({ length: batchSize }, () => ({
      messageId: `059f36b4-87a3-44ab-83d2-${String((n += 1)).padStart(12, '0')}`,
      receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
      body: structuredText(n, records),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '1545082649183',
        SenderId: 'AROA:gateway',
      },
      messageAttributes: {},
      md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-2:123456789012:readings',
      awsRegion: 'us-east-2',
    })),
  };
}

/** `sqs()`: each message deduplicated by its event, one record saved and one event published for each. */
function hearth(): Work {
  const publisher = memoryPublisher({ verify: false });
  const handler = sqs(emittingApp, {
    store: memoryStore(),
    publisher,
    principal: service,
    sweep: true,
    logger: logger({ level: 'silent' }),
  });
  return async (count) => {
    for (let done = 0; done < count; done += 1) {
      const { batchItemFailures } = await handler(sqsEvent(), context);
      if (batchItemFailures.length > 0 || publisher.published.length !== batchSize) {
        throw new Error('A batch went wrong.');
      }
      publisher.clear();
    }
  };
}

/** The same work by hand on a record: parsed, checked, added up, kept, and an event for it. */
function byHand() {
  const bodies = new Map<string, string>();
  let published: string[] = [];
  return {
    one({ body }: Pick<SqsRecord, 'body'>): void {
      const { id, subject, data } = JSON.parse(body) as {
        readonly id: string;
        readonly subject: string;
        readonly data: unknown;
      };
      const kept = bodies.get(subject);
      const last = kept === undefined ? { celsius: 0, count: 0 } : (JSON.parse(kept) as State);
      const state = bareStep(last, data);
      bodies.set(subject, JSON.stringify(state));
      const event = { specversion: '1.0', id: `${id}-alarm`, source: 'urn:acme:home' };
      const { celsius } = state;
      published.push(JSON.stringify({ ...event, type: alarm.type, subject, data: { celsius } }));
    },
    clear() {
      published = [];
    },
  };
}

/** The batch processor of Powertools, each message idempotent by its id. */
function powertools(): Work {
  const { one, clear } = byHand();
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'messageId' });
  config.registerLambdaContext(context as never);
  const persistenceStore = memoryPersistence();
  const handler = makeIdempotent(async (record: SqsRecord) => one(record), {
    persistenceStore,
    config,
  });
  const processor = new BatchProcessor(EventType.SQS);
  return async (count) => {
    for (let done = 0; done < count; done += 1) {
      const event = sqsEvent() as never;
      const { batchItemFailures } = await processPartialResponse(event, handler, processor);
      if (batchItemFailures.length > 0) throw new Error('A batch went wrong.');
      clear();
    }
  };
}

/** A loop that knows of no doubles and of no failures. */
function bare(): Work {
  const { one, clear } = byHand();
  return (count) => {
    for (let done = 0; done < count; done += 1) {
      for (const record of sqsEvent().Records) one(record);
      clear();
    }
  };
}

/** Measures a batch of ten messages, deduplication included, with everything in memory. */
export async function measure(): Promise<Figures> {
  const ours = hearth();
  // Until every record's inbox is full: that is how it stays.
  await ours(isQuick ? 1 : (records * 64) / batchSize);
  const peer = await duel(ours, powertools());
  const loop = await duel(ours, bare());
  const microseconds = (perSecond: number) => 1e6 / perSecond;
  return {
    'batch.sqs10': {
      value: microseconds(peer.ours.perSecond),
      best: microseconds(peer.ours.best),
      unit: 'µs',
      ratio: peer.ratio,
      against: 'the batch processor of Powertools with its idempotency in memory',
    },
    'batch.sqs10.vsBare': {
      value: microseconds(loop.ours.perSecond),
      best: microseconds(loop.ours.best),
      unit: 'µs',
      ratio: 1 / loop.ratio,
      against: 'a loop of JSON.parse, zod, the step and a Map',
    },
  };
}
