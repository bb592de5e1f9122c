import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { dynamoTable } from '@hearth/adapter-aws/dynamodb';
import { startDynalite, type Dynalite } from '@hearth/emulators/dynalite';
import { startFauxqs, type Fauxqs } from '@hearth/emulators/fauxqs';
import { startLambda, type Lambda } from '@hearth/emulators/lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFor, type Built } from './build.ts';
import { covers, rightsGranted, rightsOfSetup, rightsUsed } from './test/aws-rights.ts';
import { bound } from './test/cloud-event.ts';
import { template } from './test/cloudformation.ts';
import { forwarded, recorder } from './test/recorder.ts';
import { misstated } from './test/stated-sizes.ts';

const account = '000000000000';
const dist = mkdtempSync(join(tmpdir(), 'hearth-aws-'));
let built: readonly Built[];
let dynamo: Dynalite;
let queues: Fauxqs;
let aws: Awaited<ReturnType<typeof recorder>>;
let readings: Lambda;
let sweeps: Lambda;

// Compilers and emulators start slowly on a busy machine.
const patienceMs = 120_000;

beforeAll(async () => {
  [dynamo, queues, built] = await Promise.all([
    startDynalite(),
    startFauxqs(),
    buildFor(['aws'], dist),
  ]);
  // One endpoint for all services, as the SDK of the bundle is told by the environment; it says who is asked for what.
  aws = await recorder((request) => {
    const target = String(request.headers['x-amz-target']);
    if (target.startsWith('DynamoDB')) return forwarded(request, dynamo.url);
    if (target.startsWith('AmazonSQS')) return forwarded(request, queues.url);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'eu-central-1', credentials });
  await client.send(new CreateTableCommand(dynamoTable('home')));
  const often = { maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
  await waitUntilTableExists({ client, ...often }, { TableName: 'home' });
  client.destroy();
  for (const name of ['dead-letters', 'wakes']) queues.createQueue(name);
  const module = pathToFileURL(join(dist, 'aws/aws.mjs'));
  const env = {
    TABLE: 'home',
    DEAD_LETTERS_URL: `${aws.url}/${account}/dead-letters`,
    WAKES_URL: `${aws.url}/${account}/wakes`,
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    LOG_LEVEL: 'warn',
  };
  [readings, sweeps] = await Promise.all([
    startLambda({ module, handler: 'readings', env, timeoutMs: 10_000 }),
    startLambda({ module, handler: 'sweeps', env, timeoutMs: 10_000 }),
  ]);
}, patienceMs);

afterAll(async () => {
  await Promise.all([readings.stop(), sweeps.stop(), aws.stop(), dynamo.stop(), queues.stop()]);
  rmSync(dist, { recursive: true, force: true });
});

let count = 0;

/** A message of the queue. */
function message(body: string) {
  const messageId = `m${(count += 1)}`;
  const attributes = {
    ApproximateReceiveCount: '1',
    SentTimestamp: String(Date.now()),
    SenderId: 'A',
  };
  const eventSourceARN = `arn:aws:sqs:eu-central-1:${account}:readings`;
  return { messageId, body, attributes, eventSource: 'aws:sqs', eventSourceARN };
}

/** What a device says, as the rule puts it into the queue. */
function said(device: string, word: string, data: object) {
  const payload = Buffer.from(JSON.stringify(data)).toString('base64');
  const topic = `device/${device}/${word}`;
  const traceid = `t${count}`;
  return message(
    JSON.stringify({ data_base64: payload, topic, clientid: device, ts: Date.now(), traceid }),
  );
}

const send = (...Records: object[]) => readings.invoke({ Records });
const done = { batchItemFailures: [] };
const wishes = () =>
  aws.requests.flatMap(({ url, body }) =>
    url.startsWith('/topics/') ? [[decodeURIComponent(url), JSON.parse(body) as unknown]] : [],
  );

describe('one home on AWS', () => {
  it('is one file of the size that the README states', () => {
    expect(misstated(built)).toEqual([]);
  });

  it('takes a reading, and sends the wish to the device', async () => {
    expect(await send(message(bound('t1', 'h1')), message(bound('t2', 'h1')))).toEqual(done);
    expect(await send(said('h1', 'occupancy', { occupants: 0 }))).toEqual(done);
    expect(await send(said('t1', 'temperature', { celsius: 14 }))).toEqual(done);
    const data = { desired: { occupiedHeatingSetpoint: 18 }, desiredRev: 1 };
    expect(wishes()).toEqual([
      [
        expect.stringMatching(/^\/topics\/device\/t1\/desired\?.*qos=1&retain=true$/),
        expect.objectContaining({ subject: 't1', type: 'com.acme.thermostat.desired', data }),
      ],
    ]);
  });

  it('files what it refuses', async () => {
    expect(await send(said('t1', 'temperature', { celsius: 'warm' }))).toEqual(done);
    const { messages } = queues.inspectQueue('dead-letters') ?? {};
    expect(messages?.ready.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      expect.objectContaining({
        type: 'hearth.deadletter',
        data: expect.objectContaining({ code: 'invalid-data' }) as unknown,
      }),
    ]);
  });

  it('asks to be woken for a timer', async () => {
    expect(await send(said('h1', 'occupancy', { occupants: 2 }))).toEqual(done);
    expect(queues.inspectQueue('wakes')?.messages.delayed).not.toEqual([]);
  });

  it('sweeps by the minute, and when it is woken', async () => {
    const swept = { failed: 0, more: false };
    expect(await sweeps.invoke({})).toMatchObject(swept);
    const woken = message(JSON.stringify({ hearth: 'wake', at: Date.now() }));
    expect(await sweeps.invoke({ Records: [woken] })).toMatchObject(swept);
  });
});

describe('the rights of a function', () => {
  const from = template(new URL('aws/template.yaml', import.meta.url));
  it.each(['Decide', 'Sweep'])('are what %s uses, and nothing else', (name) => {
    const granted = [...rightsGranted(from, name)];
    const used = [...rightsUsed(aws.requests), ...rightsOfSetup(from, name)];
    const shared = name === 'Sweep' ? used : used.filter((right) => !right.includes(':Query '));
    expect(shared.filter((right) => !granted.some((grant) => covers(grant, right)))).toEqual([]);
    expect(granted.filter((grant) => !used.some((right) => covers(grant, right)))).toEqual([]);
  });
});
