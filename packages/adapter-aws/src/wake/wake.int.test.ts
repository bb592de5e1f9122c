import { SQSClient } from '@aws-sdk/client-sqs';
import { defineApp, defineEvent, defineHandler, events } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { startFauxqs, type Fauxqs } from '@hearth/emulators/fauxqs';
import { logger } from '@hearth/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { aws } from '../../test/aws.ts';
import { schedule, sqs } from '../index.ts';
import { sqsWake } from '../sqs/index.ts';

const minutes = 60_000;
const opened = defineEvent('com.acme.opened', z.object({}));
const forgotten = defineEvent('com.acme.forgotten', z.object({}));
const warned = defineEvent('com.acme.warned', z.object({}));
const door = defineHandler({ name: 'door', state: z.object({}), initial: {} })
  .on(opened, ({ event, now }) => ({
    timers: [{ key: 'close', at: now + 10 * minutes, event: forgotten(event.subject, {}) }],
  }))
  .on(forgotten, ({ event }) => ({ emit: [warned(event.subject, {})] }));
const app = defineApp({ source: 'urn:acme:home', parts: [events(warned), door] });

const start = Date.UTC(2030, 0, 1, 12);
const context = { getRemainingTimeInMillis: () => 3_000 };
const messageOf = (body: string, number = 1) => ({
  messageId: `m${number}`,
  body,
  attributes: { ApproximateReceiveCount: '1' },
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:inputs',
});
const input = JSON.stringify({ ...opened('d1', {}), specversion: '1.0', id: '1', source: 's' });

let emulator: Fauxqs;
let client: SQSClient;
let queueUrl: string;

beforeAll(async () => {
  emulator = await startFauxqs();
  client = new SQSClient(aws(emulator.url));
  ({ queueUrl } = emulator.createQueue('wakes'));
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: start });
  emulator.reset();
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(async () => {
  client.destroy();
  await emulator.stop();
});

const delayed = () => emulator.inspectQueue('wakes')?.messages.delayed ?? [];

function open() {
  const publisher = memoryPublisher();
  const ports = { store: memoryStore(), publisher, logger: logger({ level: 'silent' }) };
  const principal = { kind: 'service', id: 'gateway' } as const;
  const wake = sqsWake({ queueUrl, client });
  return { publisher, handler: sqs(app, { ...ports, principal, sweep: true, wake }) };
}

it('a timer fires when its message comes, which was sent before the function answered', async () => {
  const { handler, publisher } = open();
  await handler({ Records: [messageOf(input)] }, context);
  const [wakeUp, ...others] = delayed();
  expect([wakeUp?.delayUntil, others]).toEqual([start + 10 * minutes, []]);
  vi.setSystemTime(start + 10 * minutes);
  const answer = await handler({ Records: [messageOf(wakeUp?.body ?? '')] }, context);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(publisher.published.map(({ event }) => event.type)).toEqual(['com.acme.warned']);
});

it('every message that comes early is sent again', async () => {
  const { handler } = open();
  const bodies = [5, 7].map((after) => `{"hearth":"wake","at":${start + after * minutes}}`);
  const Records = bodies.map(messageOf);
  expect(await handler({ Records }, context)).toEqual({ batchItemFailures: [] });
  expect(delayed().map(({ body }) => body)).toEqual(bodies);
});

it('a function that a schedule wakes early asks the queue for the rest', async () => {
  const ports = { store: memoryStore(), publisher: memoryPublisher() };
  const handler = schedule(app, { ...ports, wake: sqsWake({ queueUrl, client }) });
  const at = start + 2 * minutes;
  expect(await handler({ hearth: 'wake', at }, context)).toMatchObject({ failed: 0 });
  expect(delayed().map(({ body, delayUntil }) => [body, delayUntil])).toEqual([
    [`{"hearth":"wake","at":${at}}`, at],
  ]);
});

it('a function that is woken early sweeps although nobody takes the rest, and has failed', async () => {
  const store = memoryStore();
  const due = vi.spyOn(store, 'due');
  const wake = sqsWake({ queueUrl, client: new SQSClient(aws('http://127.0.0.1:1')) });
  const handler = schedule(app, { store, publisher: memoryPublisher(), wake });
  const woken = handler({ hearth: 'wake', at: start + minutes }, context);
  await expect(woken).rejects.toMatchObject({ code: 'publisher-unavailable', retryable: true });
  expect(due).toHaveBeenCalledOnce();
});

it('an input is done although nobody takes its wake-up', async () => {
  const publisher = memoryPublisher();
  const ports = { store: memoryStore(), publisher, logger: logger({ level: 'silent' }) };
  const wake = sqsWake({ queueUrl, client: new SQSClient(aws('http://127.0.0.1:1')) });
  const principal = { kind: 'service', id: 'gateway' } as const;
  const handler = sqs(app, { ...ports, principal, sweep: true, wake });
  const answer = await handler({ Records: [messageOf(input)] }, context);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(publisher.published).toEqual([]);
});
