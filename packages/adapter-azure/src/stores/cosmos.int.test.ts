import { CosmosClient } from '@azure/cosmos';
import type { RecordWrite, SaveResult, StateStore } from '@hearth/core';
import { startCosmos, type CosmosServer } from '@hearth/emulators/cosmos';
import {
  faultyProxy,
  type ProxyAnswer,
  type ProxyFault,
  type ProxyRequest,
} from '@hearth/emulators/faulty-proxy';
import { storeCases, workerCases, type StoreHarness } from '@hearth/testing/conformance';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cosmosContainer, cosmosStore, type CosmosStoreOptions } from './cosmos.ts';

const database = 'home';
const key = 'a2V5';
let cosmos: CosmosServer;
let client: CosmosClient;
let count = 0;

beforeAll(async () => {
  cosmos = await startCosmos();
  client = clientOf(cosmos.url);
  await client.databases.create({ id: database });
});

afterAll(async () => {
  client.dispose();
  await cosmos.stop();
});

/** The server names itself with https, whatever it is reached by. */
const clientOf = (endpoint: string) =>
  new CosmosClient({ endpoint, key, connectionPolicy: { enableEndpointDiscovery: false } });

async function newContainer(): Promise<string> {
  const container = `records${(count += 1)}`;
  await client.database(database).containers.create(cosmosContainer(container));
  return container;
}

const open = (container: string, options: Partial<CosmosStoreOptions> = {}): StateStore =>
  cosmosStore({ database, container, client, staleReads: 'accept', ...options });

function harness(): StoreHarness {
  const containers = new WeakMap<StateStore, string>();
  const containerOf = (store: StateStore) => containers.get(store) ?? '';
  const opened = (container: string) => {
    const store = open(container);
    containers.set(store, container);
    return store;
  };
  return {
    open: async () => opened(await newContainer()),
    reopen: async (store) => opened(containerOf(store)),
    async contains(store, text) {
      const { items } = client.database(database).container(containerOf(store));
      const all = await items.readAll().fetchAll();
      return JSON.stringify(all.resources).includes(text);
    },
  };
}

describe('the Cosmos DB store on @vercel/cosmosdb-server', () => {
  it.each(storeCases)('$name', (each) => each.run(harness()));

  it.each(workerCases)('$name', ({ run }) =>
    run({
      async open(wanted) {
        const container = await newContainer();
        const clients = Array.from({ length: wanted }, () => clientOf(cosmos.url));
        onTestFinished(() => clients.forEach((each) => each.dispose()));
        return clients.map((each) => open(container, { client: each }));
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

const answered = (status: number): ProxyFault => ({
  answer: { status, headers: { 'x-ms-retry-after-ms': '1' }, body: '{}' },
});
const isWrite = ({ method, path, headers }: ProxyRequest) =>
  (method === 'POST' || method === 'PUT') &&
  path.endsWith('/docs') === (method === 'POST') &&
  headers['x-ms-documentdb-isquery'] === undefined;

/** A store behind a network that a test can disturb, beside one whose network is well. */
async function behindProxy(options: Partial<CosmosStoreOptions> = {}) {
  const container = await newContainer();
  const proxy = await faultyProxy(cosmos.url);
  const through = clientOf(proxy.url);
  onTestFinished(async () => {
    through.dispose();
    await proxy.stop();
  });
  const store = open(container, { client: through, ...options });
  return { proxy, store, container, well: open(container) };
}

const body = async (store: StateStore) => (await store.load(['h/1']))[0]?.body;

describe('a write to Cosmos DB', () => {
  it('whose answer is lost is unknown, and may have been done', async () => {
    const { proxy, store, well } = await behindProxy();
    const [first] = await store.save([write('one')]);
    proxy.plan((request) => (isWrite(request) ? 'lose' : undefined));
    const [lost] = await store.save([write('two', { expected: versionOf(first) })]);
    expect(seen(lost)).toEqual(['unknown', 'store-unavailable', true]);
    expect(await body(well)).toBe('two');
  });

  it('is unknown when the answer takes too long', async () => {
    const { proxy, store } = await behindProxy({ timeoutMs: 50 });
    await store.load(['h/1']);
    proxy.plan((request) => (isWrite(request) ? 'hang' : undefined));
    const [late] = await store.save([write('one')]);
    expect(seen(late)).toEqual(['unknown', 'store-unavailable', true]);
  });

  it.each([
    ['a creation', null, 409],
    ['an update', 'one', 412],
  ])('as %s that was repeated on the way is known as its own', async (_, before, status) => {
    const { proxy, store } = await behindProxy();
    const [first] = before === null ? [] : await store.save([write(before)]);
    const refuse = (answer: ProxyAnswer) => ({ ...answer, status, body: '{}' });
    proxy.plan((request) => (isWrite(request) ? { change: { answer: refuse } } : undefined));
    const expected = first === undefined ? null : versionOf(first);
    const [result] = await store.save([write('two', { expected })]);
    expect(await store.load(['h/1'])).toEqual([
      { key: 'h/1', version: versionOf(result), body: 'two' },
    ]);
  });

  it.each([429, 449])('that is answered %i is tried again, and then has failed', async (status) => {
    const { proxy, store, well } = await behindProxy();
    await store.load(['h/1']);
    let asked = 0;
    proxy.plan((request) => {
      if (!isWrite(request)) return undefined;
      asked += 1;
      return answered(status);
    });
    const [result] = await store.save([write('one')]);
    expect(seen(result)).toEqual(['failed', 'store-unavailable', true]);
    expect(asked).toBeGreaterThan(2);
    expect(await body(well)).toBeUndefined();
  });

  it('over whatever is there is never made', async () => {
    const { store } = await behindProxy();
    await store.save([write('one')]);
    const [result] = await store.save([write('two', { expected: '*' })]);
    expect([seen(result), await body(store)]).toEqual(['conflict', 'one']);
  });
});

describe('a Cosmos DB account', () => {
  /** The account as it would say it, and by http. */
  const account =
    (consistency: string) =>
    ({ path }: ProxyRequest): ProxyFault | undefined => {
      if (path !== '/') return undefined;
      const answer = (given: ProxyAnswer) => ({
        ...given,
        body: String(given.body).replaceAll('https', 'http').replaceAll('Session', consistency),
      });
      return { change: { answer } };
    };

  it.each(['Strong', 'BoundedStaleness'])('with the consistency %s is used', async (level) => {
    const { proxy, container } = await behindProxy();
    proxy.plan(account(level));
    const { url: endpoint } = proxy;
    const store = cosmosStore({ database, container, endpoint, key: () => key });
    expect(seen((await store.save([write('one')]))[0])).toBe('saved');
  });

  it('in which a load may miss a save is refused', async () => {
    const { store } = await behindProxy({ staleReads: 'refuse' });
    await expect(store.load(['h/1'])).rejects.toMatchObject({
      code: 'invalid-option',
      field: 'staleReads',
      message: expect.stringContaining('and is Session') as string,
    });
  });

  it('that cannot be reached rejects the call, and is asked again with the next', async () => {
    const { proxy, store } = await behindProxy();
    proxy.plan(() => answered(503));
    const unavailable = { code: 'store-unavailable', retryable: true };
    await expect(store.save([write('one')])).rejects.toMatchObject(unavailable);
    proxy.plan();
    expect(seen((await store.save([write('one')]))[0])).toBe('saved');
  });

  it('whose container has another partition key is refused', async () => {
    const id = await newContainer();
    const { containers } = client.database(database);
    await containers.create({ id: `${id}-by-key`, partitionKey: { paths: ['/key'] } });
    const error = { code: 'invalid-option', field: 'container' };
    await expect(open(`${id}-by-key`).load(['h/1'])).rejects.toMatchObject(error);
  });

  it('whose container is not there is refused', async () => {
    const error = { code: 'store-unavailable', retryable: true };
    await expect(open('nowhere').load(['h/1'])).rejects.toMatchObject(error);
  });
});

describe('the options of a Cosmos DB store', () => {
  const place = { database, container: 'records' };
  const endpoint = 'https://acme.documents.azure.com';

  it.each<[string, CosmosStoreOptions]>([
    ['database', { ...place, database: '', endpoint, key: () => key }],
    ['container', { ...place, container: '', endpoint, key: () => key }],
    ['endpoint', place],
    ['key', { ...place, endpoint }],
    ['key', { ...place, endpoint, key: key as never }],
    ['timeoutMs', { ...place, endpoint, key: () => key, timeoutMs: 0.5 }],
  ])('name "%s" when it is wrong', (field, options) => {
    expect(() => cosmosStore(options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }),
    );
  });

  it('let no key find the record of another that is stored alike', async () => {
    const store = open(await newContainer());
    await store.save([write('one', { key: 'h/\ufffd' })]);
    expect(await store.load(['h/\ud800'])).toEqual([undefined]);
  });

  it('take the page that they are asked for, and no other cursor', async () => {
    const store = open(await newContainer());
    const wrong = { code: 'invalid-option' };
    await expect(store.due({ before: 1, limit: 0 })).rejects.toMatchObject(wrong);
    await expect(store.due({ before: 1, limit: 1, cursor: 'x' })).rejects.toMatchObject(wrong);
  });
});
