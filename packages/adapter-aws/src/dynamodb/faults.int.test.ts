import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynalite, type Dynalite } from '@hearth/emulators/dynalite';
import {
  faultyProxy,
  type FaultyProxy,
  type ProxyAnswer,
  type ProxyFault,
} from '@hearth/emulators/faulty-proxy';
import type { RecordWrite, SaveResult, StateStore } from '@hearth/core/ports';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aws } from '../../test/aws.ts';
import { tables, type Tables } from '../../test/tables.ts';
import { dynamoStore } from './dynamo-store.ts';

let emulator: Dynalite;
let proxy: FaultyProxy;
let made: Tables;
let table: string;
let store: StateStore;
let other: StateStore;

beforeAll(async () => {
  emulator = await startDynalite();
  proxy = await faultyProxy(emulator.url);
  made = tables(emulator.url);
});

beforeEach(async () => {
  proxy.plan();
  table = await made.table();
  store = made.store({ table }, proxy.url);
  other = made.store({ table });
});

afterAll(async () => {
  made.stop();
  await proxy.stop();
  await emulator.stop();
});

const write = (key: string, body: string, rest: Partial<RecordWrite> = {}): RecordWrite => ({
  key,
  expected: null,
  body,
  due: null,
  tags: {},
  ...rest,
});

const versionOf = (result: SaveResult | undefined) =>
  result?.outcome === 'saved' ? result.version : `not saved: ${result?.outcome}`;

/** Lets things happen to the first, second, … request of one operation. */
function fail(operation: string, ...faults: readonly (ProxyFault | undefined)[]) {
  let nth = 0;
  proxy.plan(({ headers }) => {
    if (!String(headers['x-amz-target']).endsWith(`.${operation}`)) return undefined;
    nth += 1;
    return faults[nth - 1];
  });
}

const refusal = (name: string, status = 400): { readonly answer: ProxyAnswer } => ({
  answer: {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'No.' }),
  },
});
const throttled = refusal('ProvisionedThroughputExceededException');

describe('a conditional write that the SDK tries again', () => {
  it('is saved if the first attempt was carried out and its answer lost', async () => {
    fail('PutItem', 'lose');
    const [result] = await store.save([write('h/1', 'one')]);
    expect(result?.outcome).toBe('saved');
    const [record] = await other.load(['h/1']);
    expect(record).toEqual({ key: 'h/1', version: versionOf(result), body: 'one' });
  });

  it('is saved as well over an earlier version', async () => {
    const expected = versionOf((await store.save([write('h/1', 'one')]))[0]);
    fail('PutItem', 'lose');
    const [result] = await store.save([write('h/1', 'two', { expected })]);
    expect(result?.outcome).toBe('saved');
    expect((await store.save([write('h/1', 'x', { expected })]))[0]?.outcome).toBe('conflict');
  });

  it('is unknown if nobody can tell whose write made the condition fail', async () => {
    fail('PutItem', 'drop', refusal('ConditionalCheckFailedException'));
    await other.save([write('h/1', 'of another')]);
    expect(await store.save([write('h/1', 'one')])).toMatchObject([
      { outcome: 'unknown', error: { code: 'store-unavailable', retryable: true } },
    ]);
  });

  it('is saved after the server failed once', async () => {
    fail('PutItem', refusal('InternalServerError', 500));
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'saved' }]);
  });

  it('is saved after it was throttled once', async () => {
    fail('PutItem', throttled);
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'saved' }]);
  });
});

describe('a write', () => {
  it('is unknown if every answer is lost, and is there', async () => {
    fail('PutItem', 'lose', 'lose', 'lose');
    expect(await store.save([write('h/1', 'one')])).toMatchObject([
      { outcome: 'unknown', error: { code: 'store-unavailable', retryable: true } },
    ]);
    expect(await other.load(['h/1'])).toMatchObject([{ body: 'one' }]);
  });

  it('is unknown if no attempt arrives, and is not there', async () => {
    fail('PutItem', 'drop', 'drop', 'drop');
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'unknown' }]);
    expect(await other.load(['h/1'])).toEqual([undefined]);
  });

  it('is unknown if an attempt went astray before others were throttled', async () => {
    fail('PutItem', 'drop', throttled, throttled);
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'unknown' }]);
  });

  it('has failed if every attempt was throttled, and others of its call have not', async () => {
    proxy.plan(({ body }) => (body.includes('"h/2"') ? throttled : undefined));
    const writes = ['h/1', 'h/2', 'h/3'].map((key) => write(key, 'one'));
    const results = await store.save(writes);
    expect(results).toMatchObject([
      { outcome: 'saved' },
      { outcome: 'failed', error: { code: 'store-unavailable', retryable: true } },
      { outcome: 'saved' },
    ]);
    const [, result] = results;
    expect(result?.outcome === 'failed' && result.error.message).toBe(
      `The table "${table}" is throttled (ProvisionedThroughputExceededException).`,
    );
  });

  it('is unknown if the server stays silent', async () => {
    const requestHandler = { requestTimeout: 50, throwOnRequestTimeout: true };
    const client = new DynamoDBClient({ ...aws(proxy.url), requestHandler });
    fail('PutItem', 'lose-and-hang', 'hang', 'hang');
    const [result] = await dynamoStore({ table, client }).save([write('h/1', 'one')]);
    client.destroy();
    expect(result?.outcome).toBe('unknown');
  });

  it('has failed for good if DynamoDB finds it invalid', async () => {
    const results = await store.save([write('h/1', 'one', { due: Infinity })]);
    expect(results).toMatchObject([{ outcome: 'failed', error: { retryable: false } }]);
  });
});

describe('a table that cannot be used', () => {
  it.each([
    ['ResourceNotFoundException', 'or its index is not there: see dynamoTable()'],
    ['AccessDeniedException', 'may not be used like this'],
    ['ThrottlingException', 'is throttled'],
  ])('says so on %s, to be tried again', async (name, words) => {
    proxy.plan(() => refusal(name));
    const error = {
      code: 'store-unavailable',
      retryable: true,
      message: `The table "${table}" ${words} (${name}).`,
    };
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'failed', error }]);
    await expect(store.load(['h/1'])).rejects.toMatchObject(error);
    await expect(store.load(['h/1', 'h/2'])).rejects.toMatchObject(error);
    await expect(store.due({ before: 1, limit: 1 })).rejects.toMatchObject(error);
  });

  it('says why it cannot be reached without a region', async () => {
    const { endpoint: _, region: __, ...rest } = aws(proxy.url);
    const client = new DynamoDBClient({ ...rest, region: async () => '' });
    const [result] = await dynamoStore({ table, client }).save([write('h/1', 'one')]);
    expect(result).toMatchObject({ outcome: 'failed', error: { retryable: true } });
    expect(result?.outcome === 'failed' && result.error.message).toMatch(/Region/);
  });

  it('cannot be reached: nothing was written', async () => {
    const gone = await faultyProxy(emulator.url);
    await gone.stop();
    const lost = made.store({ table }, gone.url);
    const error = { code: 'store-unavailable', retryable: true };
    expect(await lost.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'failed', error }]);
    await expect(lost.load(['h/1'])).rejects.toMatchObject(error);
  });
});

describe('a batch of loads of which some are left unprocessed', () => {
  const keys = ['h/1', 'h/2', 'h/3'];
  const leaveOne = (answer: ProxyAnswer): ProxyAnswer => {
    const { Responses } = JSON.parse(answer.body.toString()) as {
      readonly Responses: Record<string, { readonly pk: object }[]>;
    };
    const [first, ...rest] = Responses[table] ?? [];
    const left = first === undefined ? [] : [{ pk: first.pk, sk: { S: 'record' } }];
    const UnprocessedKeys = { [table]: { Keys: left, ConsistentRead: true } };
    // The SDK checks the answer against this sum.
    const { 'x-amz-crc32': _, ...headers } = answer.headers;
    const body = JSON.stringify({ Responses: { [table]: rest }, UnprocessedKeys });
    return { ...answer, headers, body };
  };

  it('asks again for those', async () => {
    await other.save(keys.map((key) => write(key, `of ${key}`)));
    fail('BatchGetItem', { change: { answer: leaveOne } });
    const records = await store.load(keys);
    expect(records.map((record) => record?.body)).toEqual(keys.map((key) => `of ${key}`));
  });

  it('rejects in the end, rather than taking a record for absent', async () => {
    await other.save(keys.map((key) => write(key, key)));
    const nothing = (answer: ProxyAnswer) => {
      const { 'x-amz-crc32': _, ...headers } = answer.headers;
      const Keys = keys.map((key) => ({ pk: { S: key }, sk: { S: 'record' } }));
      const body = { Responses: {}, UnprocessedKeys: { [table]: { Keys } } };
      return { ...answer, headers, body: JSON.stringify(body) };
    };
    proxy.plan(() => ({ change: { answer: nothing } }));
    await expect(store.load(keys)).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: expect.stringContaining('3 of 3 records were not read') as string,
    });
  });
});

describe('a tag', () => {
  const query = { handler: 'h', tag: 'home', limit: 9 };
  const find = async (value: string) => (await other.query({ ...query, value })).keys;

  it('of a write that lost to another is taken back', async () => {
    const expected = versionOf((await store.save([write('h/1', 'one')]))[0]);
    await other.save([write('h/1', 'two', { expected, tags: { home: 'x' } })]);
    const late = write('h/1', 'late', { expected, tags: { home: 'y' } });
    expect(await store.save([late])).toEqual([{ outcome: 'conflict' }]);
    expect([await find('x'), await find('y')]).toEqual([['h/1'], []]);
  });

  it('stays if the write that won has it as well', async () => {
    const tags = { home: 'x' };
    await other.save([write('h/1', 'one', { tags })]);
    expect(await store.save([write('h/1', 'late', { tags })])).toEqual([{ outcome: 'conflict' }]);
    expect(await find('x')).toEqual(['h/1']);
  });

  it('is written before its record: without it there is no record', async () => {
    proxy.plan(({ body }) => (body.includes('tag/') ? throttled : undefined));
    const results = await store.save([write('h/1', 'one', { tags: { home: 'x' } })]);
    expect(results).toMatchObject([{ outcome: 'failed', error: { retryable: true } }]);
    expect(await other.load(['h/1'])).toEqual([undefined]);
  });

  it('is not taken away by a slow save that dropped it, once a later save has it again', async () => {
    const slow = new DynamoDBClient(aws(emulator.url));
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = () => {};
    const removing = new Promise<void>((resolve) => {
      begun = resolve;
    });
    slow.middlewareStack.add(
      (next, context) => async (args) => {
        if (context['commandName'] === 'DeleteItemCommand') {
          begun();
          await released;
        }
        return next(args);
      },
      { step: 'initialize' },
    );
    const tags = { home: 'x' };
    const first = versionOf((await other.save([write('h/1', 'one', { tags })]))[0]);
    const dropping = dynamoStore({ table, client: slow }).save([
      write('h/1', 'two', { expected: first }),
    ]);
    await removing;
    const [record] = await other.load(['h/1']);
    const again = write('h/1', 'three', { expected: record?.version ?? null, tags });
    expect((await other.save([again]))[0]?.outcome).toBe('saved');
    release();
    await dropping;
    slow.destroy();
    expect(await find('x')).toEqual(['h/1']);
  });

  it('that a dead worker left behind goes when the record is erased', async () => {
    const expected = versionOf((await store.save([write('h/1', 'one')]))[0]);
    proxy.plan(({ body }) => (body.includes('"record"') ? 'drop' : undefined));
    await store.save([write('h/1', 'two', { expected, tags: { home: 'of-ada' } })]);
    expect(await find('of-ada')).toEqual(['h/1']);
    expect(await other.erase([write('h/1', '{}', { expected })])).toMatchObject([
      { outcome: 'saved' },
    ]);
    expect(await made.scan(table)).not.toContain('of-ada');
  });

  it('that cannot be removed makes an erasure unknown, to be repeated', async () => {
    const tags = { home: 'of-ada' };
    const expected = versionOf((await store.save([write('h/1', 'one', { tags })]))[0]);
    fail('DeleteItem', ...Array.from({ length: 6 }, () => throttled));
    expect(await store.erase([write('h/1', '{}', { expected })])).toMatchObject([
      { outcome: 'unknown', error: { code: 'store-unavailable', retryable: true } },
    ]);
    proxy.plan();
    const [record] = await store.load(['h/1']);
    const again = write('h/1', '{}', { expected: record?.version ?? null });
    expect(await store.erase([again])).toMatchObject([{ outcome: 'saved' }]);
    expect(await made.scan(table)).not.toContain('of-ada');
  });
});
