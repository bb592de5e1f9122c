import { TableClient } from '@azure/data-tables';
import type { RecordWrite, SaveResult, StateStore } from '@hearth/core';
import { startAzurite, type Azurite } from '@hearth/emulators/azurite';
import { faultyProxy, type ProxyFault, type ProxyRequest } from '@hearth/emulators/faulty-proxy';
import { storeCases, workerCases, type StoreHarness } from '@hearth/testing/conformance';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { tableStore, type TableStoreOptions } from './tables.ts';

let azurite: Azurite;
let count = 0;

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(() => azurite.stop());

/** A client of a new table. */
async function newTable(): Promise<TableClient> {
  const table = `records${(count += 1)}`;
  const options = { allowInsecureConnection: true };
  const client = TableClient.fromConnectionString(azurite.connectionString(), table, options);
  await client.createTable();
  return client;
}

const open = (table: string, url?: string): StateStore =>
  tableStore({ table, connectionString: () => azurite.connectionString(url) });

function harness(): StoreHarness {
  const tables = new WeakMap<StateStore, TableClient>();
  const clientOf = (store: StateStore) => tables.get(store) as TableClient;
  const opened = (client: TableClient) => {
    const store = open(client.tableName);
    tables.set(store, client);
    return store;
  };
  return {
    open: async () => opened(await newTable()),
    reopen: async (store) => opened(clientOf(store)),
    async contains(store, text) {
      for await (const entity of clientOf(store).listEntities()) {
        if (JSON.stringify(entity).includes(text)) return true;
      }
      return false;
    },
  };
}

describe('the table store on Azurite', () => {
  it.each(storeCases)('$name', (each) => each.run(harness()));

  it.each(workerCases)('$name', ({ run }) =>
    run({
      async open(wanted) {
        const { tableName } = await newTable();
        return Array.from({ length: wanted }, () => open(tableName));
      },
    }),
  );
});

const write = (body: string, rest: Partial<RecordWrite> = {}): RecordWrite => ({
  key: 'h/1',
  expected: null,
  body,
  due: null,
  tags: {},
  ...rest,
});

const seen = (result: SaveResult | undefined) =>
  result !== undefined && 'error' in result
    ? [result.outcome, result.error.code, result.error.retryable]
    : result?.outcome;

const versionOf = (result: SaveResult | undefined): string =>
  result?.outcome === 'saved' ? result.version : '';

const busy: ProxyFault = { answer: { status: 503, headers: {}, body: '' } };
const isWrite = ({ method }: ProxyRequest) => method !== 'GET';
const isRecord = ({ path, body }: ProxyRequest) =>
  path.includes("RowKey='r") || body.includes('"RowKey":"r') || path.includes('$batch');

/** A store behind a network that a test can disturb, beside one whose network is well. */
async function behindProxy(client: Partial<Parameters<typeof tableStore>[0]> = {}) {
  const own = await newTable();
  const table = own.tableName;
  const proxy = await faultyProxy(azurite.url);
  onTestFinished(() => proxy.stop());
  const connectionString = () => azurite.connectionString(proxy.url);
  const store = tableStore({ table, connectionString, ...client });
  return { proxy, store, table, own, well: open(table) };
}

const body = async (store: StateStore) => (await store.load(['h/1']))[0]?.body;
const found = async (store: StateStore, value: string) =>
  (await store.query({ handler: 'h', tag: 'home', value, limit: 9 })).keys;

describe('a write to a table whose answer is lost', () => {
  it.each([
    ['an update', null],
    ['a transaction', 5],
  ])('as %s is unknown, and may have been done', async (_, due) => {
    const { proxy, store, well } = await behindProxy();
    const [first] = await store.save([write('one')]);
    proxy.plan((request) => (isWrite(request) ? 'lose' : undefined));
    const [lost] = await store.save([write('two', { expected: versionOf(first), due })]);
    expect(seen(lost)).toEqual(['unknown', 'store-unavailable', true]);
    expect(await body(well)).toBe('two');
  });

  it('is unknown when the answer takes too long', async () => {
    const { proxy, store } = await behindProxy({ timeoutMs: 50 });
    proxy.plan((request) => (isWrite(request) ? 'hang' : undefined));
    expect(seen((await store.save([write('one')]))[0])).toEqual([
      'unknown',
      'store-unavailable',
      true,
    ]);
  });

  it.each([
    ['a creation', null, null],
    ['an update', 'one', null],
    ['a transaction', 'one', 5],
  ])('as %s that the client repeats by itself is known as its own', async (_, before, due) => {
    const { proxy, table, own } = await behindProxy();
    const retryOptions = { maxRetries: 1, retryDelayInMs: 1 };
    const options = { allowInsecureConnection: true, retryOptions };
    const secret = azurite.connectionString(proxy.url);
    const client = TableClient.fromConnectionString(secret, table, options);
    const store = tableStore({ table: own.tableName, client });
    const [first] = before === null ? [] : await store.save([write(before)]);
    let lost = 0;
    proxy.plan((request) => (isWrite(request) && (lost += 1) === 1 ? 'lose' : undefined));
    const expected = first === undefined ? null : versionOf(first);
    const [result] = await store.save([write('two', { expected, due })]);
    expect(lost).toBe(2);
    expect(await store.load(['h/1'])).toEqual([
      { key: 'h/1', version: versionOf(result), body: 'two' },
    ]);
  });
});

describe('a table that is busy', () => {
  it('is asked again, and then has failed', async () => {
    const { proxy, store, well } = await behindProxy();
    let asked = 0;
    proxy.plan((request) => {
      asked += isWrite(request) ? 1 : 0;
      return busy;
    });
    expect(seen((await store.save([write('one')]))[0])).toEqual([
      'failed',
      'store-unavailable',
      true,
    ]);
    expect([asked, await body(well)]).toEqual([3, undefined]);
  });

  it('is busy for a moment only', async () => {
    const { proxy, store } = await behindProxy();
    proxy.plan(({ nth }) => (nth === 1 ? busy : undefined));
    expect(seen((await store.save([write('one')]))[0])).toBe('saved');
  });

  it('that cannot be reached fails saves and rejects reads', async () => {
    const { proxy, store } = await behindProxy({ timeoutMs: 200 });
    await proxy.cutOff();
    expect(seen((await store.save([write('one')]))[0])).toEqual([
      'failed',
      'store-unavailable',
      true,
    ]);
    const unavailable = { code: 'store-unavailable', retryable: true };
    await expect(store.load(['h/1'])).rejects.toMatchObject(unavailable);
    await expect(store.due({ before: 9, limit: 9 })).rejects.toMatchObject(unavailable);
  });

  it('that is not there is named', async () => {
    const store = open('nowhere');
    const error = { code: 'store-unavailable', retryable: true };
    await expect(store.load(['h/1'])).rejects.toMatchObject({
      ...error,
      message: 'The table "nowhere" refused a request (404 TableNotFound).',
    });
    expect(seen((await store.save([write('one')]))[0])).toEqual(['failed', error.code, true]);
  });
});

describe('what finds a record in a table', () => {
  it('is written before the record, so that a crash in between leaves only a hint', async () => {
    const { proxy, store, well } = await behindProxy();
    proxy.plan((request) => (isRecord(request) ? 'drop' : undefined));
    const tags = { home: 'x' };
    expect(seen((await store.save([write('one', { tags })]))[0])?.[0]).toBe('unknown');
    expect([await body(well), await found(well, 'x')]).toEqual([undefined, ['h/1']]);
    await well.save([write('two', { tags })]);
    expect(await found(well, 'x')).toEqual(['h/1']);
  });

  it('stays when somebody who lost takes away what was his', async () => {
    const { store } = await behindProxy();
    const [first] = await store.save([write('one')]);
    const next = write('two', { expected: versionOf(first), tags: { home: 'x' } });
    const both = await Promise.all([store.save([next]), store.save([next])]);
    expect(new Set(both.flat().map(seen))).toEqual(new Set(['conflict', 'saved']));
    expect(await found(store, 'x')).toEqual(['h/1']);
  });

  it('and could not be taken away is taken away by the next save', async () => {
    const { proxy, store } = await behindProxy();
    const [first] = await store.save([write('one', { tags: { home: 'x' } })]);
    proxy.plan(({ method }) => (method === 'DELETE' ? 'drop' : undefined));
    const [second] = await store.save([write('two', { expected: versionOf(first) })]);
    expect(await found(store, 'x')).toEqual(['h/1']);
    proxy.plan();
    await store.save([write('three', { expected: versionOf(second) })]);
    expect(await found(store, 'x')).toEqual([]);
  });

  it('keeps an erasure from being done while it cannot be taken away', async () => {
    const { proxy, store, well } = await behindProxy();
    const [first] = await store.save([write('one', { tags: { home: 'x' } })]);
    proxy.plan(({ method }) => (method === 'DELETE' ? 'drop' : undefined));
    const [erased] = await store.erase([write('{}', { expected: versionOf(first) })]);
    expect(seen(erased)?.[0]).toBe('unknown');
    const [record] = await well.load(['h/1']);
    await well.erase([write('{}', { expected: record?.version ?? null })]);
    expect(await found(well, 'x')).toEqual([]);
  });

  it('may be removed by somebody without making the record immovable', async () => {
    const { store, own } = await behindProxy();
    const [first] = await store.save([write('one', { due: 5 })]);
    for await (const { partitionKey = '', rowKey = '' } of own.listEntities()) {
      if (rowKey.startsWith('d')) await own.deleteEntity(partitionKey, rowKey);
    }
    expect(seen((await store.save([write('two', { expected: versionOf(first) })]))[0])).toBe(
      'saved',
    );
  });

  it('says of a person nothing that can be read', async () => {
    const { store, own } = await behindProxy();
    await store.save([write('one', { tags: { person: 'ada lovelace' } })]);
    for await (const entity of own.listEntities()) {
      expect(JSON.stringify(entity)).not.toContain('lovelace');
    }
  });

  it('cannot be more than an entity holds', async () => {
    const { store } = await behindProxy();
    const names = Array.from({ length: 500 }, (_, index) => [`tag-${index}`, 'x'] as const);
    const [result] = await store.save([write('one', { tags: Object.fromEntries(names) })]);
    expect(seen(result)).toEqual(['failed', 'limit-exceeded', false]);
    expect(await body(store)).toBeUndefined();
  });
});

describe('the options of a table store', () => {
  it.each<[string, TableStoreOptions]>([
    ['table', { table: 'a b', connectionString: () => '' }],
    ['connectionString', { table: 'records' }],
    ['connectionString', { table: 'records', connectionString: 'secret' as never }],
    ['timeoutMs', { table: 'records', connectionString: () => '', timeoutMs: 0 }],
  ])('name "%s" when it is wrong', (field, options) => {
    expect(() => tableStore(options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }),
    );
  });

  it('may give a secret later', async () => {
    const { tableName } = await newTable();
    let isThere = false;
    const connectionString = async (): Promise<string> =>
      isThere ? azurite.connectionString() : Promise.reject(new Error('sealed'));
    const store = tableStore({ table: tableName, connectionString });
    await expect(store.load(['h/1'])).rejects.toMatchObject({ code: 'store-unavailable' });
    isThere = true;
    expect(await store.load(['h/1'])).toEqual([undefined]);
  });

  it('let no key find the record of another that is stored alike', async () => {
    const store = open((await newTable()).tableName);
    await store.save([write('one', { key: 'h/\ufffd' })]);
    expect(await store.load(['h/\ud800'])).toEqual([undefined]);
  });

  it('take the page that they are asked for, and no other cursor', async () => {
    const store = open((await newTable()).tableName);
    const wrong = { code: 'invalid-option' };
    await expect(store.due({ before: 1, limit: 0 })).rejects.toMatchObject(wrong);
    await expect(store.due({ before: 1, limit: 1, cursor: "' or 1" })).rejects.toMatchObject(wrong);
    const query = { handler: 'h', tag: 't', value: 'v', limit: 1, cursor: 'x' };
    await expect(store.query(query)).rejects.toMatchObject(wrong);
  });
});
