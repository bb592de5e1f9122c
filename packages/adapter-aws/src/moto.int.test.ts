import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { motoNeeds, startMoto } from '@hearth/emulators/moto';
import { publisherCases, storeCases, unmetNeed } from '@hearth/testing/conformance';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aws } from '../test/aws.ts';
import { publishers, type Publishers } from '../test/publishers.ts';
import { tables, type Tables } from '../test/tables.ts';
import { schedulerWake } from './scheduler/index.ts';

// One emulator for all services: starting it costs more than most of what it is asked.
let emulator: Awaited<ReturnType<typeof startMoto>>;
let dynamo: Tables;
let made: Publishers;

beforeAll(async () => {
  emulator = await startMoto();
  if (emulator === undefined) return;
  dynamo = tables(emulator.url);
  made = publishers(emulator.url);
});

beforeEach((test) => {
  needs(test, emulator, motoNeeds);
});

afterAll(async () => {
  dynamo?.stop();
  await made?.stop();
  await emulator?.stop();
});

describe('a store in DynamoDB, by moto', () => {
  it.each(storeCases)('$name', ({ run }) => run(dynamo));
});

// Standard queues and topics are tried on fauxqs, which is many times faster.
describe.each([
  ['a FIFO queue', [], () => made.sqs('fifo')],
  ['a FIFO topic', [], () => made.sns('fifo')],
  // A bus keeps no order, and writes the JSON anew.
  ['a bus', ['ordered', 'structured'], () => made.eventBridge()],
  ['AWS IoT', [], () => made.iotData()],
] as const)('%s of moto', (_, unmet, open) => {
  it.each(publisherCases)('$name', async (each) => {
    const harness = await open();
    const need = unmetNeed(each, harness);
    if (need === undefined) return each.run(harness);
    expect(unmet).toContain(need);
  });
});

describe('an event on a bus', () => {
  it('can be matched by a rule, and comes to its target whole', async () => {
    const { publisher, queueUrl } = await made.eventBridgeToQueue();
    const event = {
      specversion: '1.0',
      id: 'e1',
      source: 'urn:acme:home',
      type: 'com.acme.rung',
      subject: 'b1',
      time: '2024-01-01T00:00:00.120Z',
      data: { note: 'ä' },
    } as const;
    const body = JSON.stringify(event);
    expect(await publisher.publish([{ event, body }])).toEqual([{ outcome: 'published' }]);
    const [message] = await made.messages(queueUrl);
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({
      source: 'urn:acme:home',
      'detail-type': 'com.acme.rung',
      detail: event,
    });
  });

  it('fails for good if EventBridge finds it invalid, and takes no other with it', async () => {
    const { publisher } = await made.eventBridge();
    const event = { specversion: '1.0', id: 'e1', source: 's', type: 't', subject: 'b1' } as const;
    const events = [
      { event, body: JSON.stringify(event) },
      { event: { ...event, id: 'e2' }, body: 'no JSON' },
    ];
    expect(await publisher.publish(events)).toMatchObject([
      { outcome: 'published' },
      { outcome: 'failed', error: { code: 'invalid-event', retryable: false } },
    ]);
  });
});

describe('a wake-up by a schedule', () => {
  const targetArn = 'arn:aws:sqs:us-east-1:123456789012:wakes';
  const roleArn = 'arn:aws:iam::123456789012:role/wake';
  const at = Date.UTC(2099, 0, 1, 18);

  it('is made once, however many ask for it, and carries its instant', async () => {
    const client = new SchedulerClient(aws(emulator?.url ?? ''));
    const options = { targetArn, roleArn, client, prefix: 'test' };
    await schedulerWake(options)(at - 999);
    await schedulerWake(options)(at, 120_000);
    const schedule = await client.send(new GetScheduleCommand({ Name: `test-${at / 1000}` }));
    expect(schedule).toMatchObject({
      ScheduleExpression: 'at(2099-01-01T18:00:00)',
      ActionAfterCompletion: 'DELETE',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: targetArn, RoleArn: roleArn, Input: `{"hearth":"wake","at":${at}}` },
    });
    client.destroy();
  });

  it('may come early, for who can wait for the rest', async () => {
    const client = new SchedulerClient(aws(emulator?.url ?? ''));
    await schedulerWake({ targetArn, roleArn, client, prefix: 'early' })(at, 120_000);
    const schedule = await client.send(new GetScheduleCommand({ Name: `early-${at / 1000}` }));
    expect(schedule.ScheduleExpression).toBe('at(2099-01-01T17:58:00)');
    client.destroy();
  });

  it('that nobody takes is an error that may pass', async () => {
    const client = new SchedulerClient(aws('http://127.0.0.1:1'));
    const asked = schedulerWake({ targetArn, roleArn, client })(at);
    await expect(asked).rejects.toMatchObject({ code: 'publisher-unavailable', retryable: true });
    client.destroy();
  });
});
