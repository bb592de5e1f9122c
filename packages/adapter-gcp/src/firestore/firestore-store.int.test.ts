import { Firestore } from '@google-cloud/firestore';
import type { RecordWrite, StateStore } from '@hearth/core/ports';
import { faultyGrpc, type FaultyGrpc, type GrpcCall } from '@hearth/emulators/faulty-grpc';
import { firestoreNeeds, startFirestore } from '@hearth/emulators/firestore';
import {
  storeCases,
  workerCases,
  type StoreHarness,
  type WorkerHarness,
} from '@hearth/testing/conformance';
import { needs } from '@hearth/testing/needs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { firestoreStore } from './firestore-store.ts';

// Otherwise the SDK looks for a metadata server.
process.env['METADATA_SERVER_DETECTION'] = 'none';

let emulator: Awaited<ReturnType<typeof startFirestore>>;
let proxy: FaultyGrpc;
let clients: readonly [Firestore, Firestore];
let count = 0;

const clientTo = (host: string) => new Firestore({ projectId: 'demo-hearth', host, ssl: false });

beforeAll(async () => {
  emulator = await startFirestore();
  if (emulator === undefined) return;
  proxy = await faultyGrpc(emulator.host);
  clients = [clientTo(proxy.host), clientTo(emulator.host)];
});

afterAll(async () => {
  await clients?.[1].terminate();
  // The other client would wait for the calls that got no answer.
  await proxy?.stop();
  await emulator?.stop();
});

beforeEach((test) => {
  needs(test, emulator, firestoreNeeds);
});

afterEach(() => proxy?.plan());

const collections = new WeakMap<StateStore, string>();

function open(collection = `records-${(count += 1)}`): StateStore {
  const store = firestoreStore({ client: clients[1], collection });
  collections.set(store, collection);
  return store;
}

const collectionOf = (store: StateStore) => collections.get(store) ?? '';

const storage: StoreHarness = {
  open: async () => open(),
  reopen: async (store) => open(collectionOf(store)),
  async contains(store, text) {
    const { docs } = await clients[1].collection(collectionOf(store)).get();
    return JSON.stringify(docs.map((each) => [each.id, each.data()])).includes(text);
  },
};

describe('a store in Firestore', () => {
  it.each(storeCases)('$name', ({ run }) => run(storage));
});

const fleet: WorkerHarness = {
  async open(many) {
    const collection = `workers-${(count += 1)}`;
    return Array.from({ length: many }, (_, which) =>
      firestoreStore({ client: clients[which % 2 === 0 ? 0 : 1], collection }),
    );
  },
};

describe('firestoreStore', () => {
  it('makes a client of its own on first use, by the environment, and closes it', async () => {
    vi.stubEnv('FIRESTORE_EMULATOR_HOST', emulator?.host);
    const store = firestoreStore({ project: 'demo-hearth', collection: `own-${(count += 1)}` });
    await store.save([write('h/1', 'one')]);
    expect(await store.load(['h/1'])).toMatchObject([{ body: 'one' }]);
    await store.close();
    await expect(store.load(['h/1'])).rejects.toMatchObject({ code: 'store-unavailable' });
    vi.unstubAllEnvs();
  });
});

describe('workers on one collection', () => {
  it.each(workerCases)('$name', ({ run }) => run(fleet));
});

/** A store behind the proxy, and one on the same records that no fault reaches. */
function stores(timeoutMs?: number) {
  const collection = `records-${(count += 1)}`;
  const options = { collection, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const [client, direct] = clients;
  return {
    store: firestoreStore({ client, ...options }),
    other: firestoreStore({ client: direct, ...options }),
  };
}

const write = (key: string, body: string, expected: string | null = null): RecordWrite => ({
  key,
  expected,
  body,
  due: null,
  tags: {},
});

const isCommit = ({ path }: GrpcCall) => path.endsWith('/Commit');
const isLoad = ({ path }: GrpcCall) => path.endsWith('/BatchGetDocuments');

describe('a store in Firestore, when the network fails,', () => {
  it('knows its own write when the SDK sends it again after a lost answer', async () => {
    const { store } = stores();
    const commits: unknown[] = [];
    proxy.plan((call) => (isCommit(call) && commits.push(call) === 1 ? 'lose' : undefined));
    const [created] = await store.save([write('h/1', 'one')]);
    expect(commits).toHaveLength(2);
    expect(created).toMatchObject({ outcome: 'saved' });
    expect(await store.load(['h/1'])).toMatchObject([{ body: 'one', ...versionIn(created) }]);

    commits.length = 0;
    const [updated] = await store.save([write('h/1', 'two', versionIn(created).version)]);
    expect(commits).toHaveLength(2);
    expect(updated).toMatchObject({ outcome: 'saved' });
    expect(await store.load(['h/1'])).toMatchObject([{ body: 'two', ...versionIn(updated) }]);
  });

  it('says "conflict" when somebody else wrote between a lost request and its repetition', async () => {
    const { store, other } = stores();
    const theirs: Promise<unknown>[] = [];
    proxy.plan((call) => {
      if (!isCommit(call) || theirs.length > 0) return undefined;
      theirs.push(other.save([write('h/1', 'theirs')]));
      return 14;
    });
    const results = store.save([write('h/1', 'ours')]);
    expect(await results).toEqual([{ outcome: 'conflict' }]);
    await Promise.all(theirs);
    expect(await store.load(['h/1'])).toMatchObject([{ body: 'theirs' }]);
  });

  it('says "unknown" when no answer comes in time, and the write is as it was', async () => {
    const { store } = stores(150);
    proxy.plan((call) => (isCommit(call) ? 'hang' : undefined));
    const results = await store.save([write('h/1', 'one')]);
    const error = { code: 'store-unavailable', retryable: true };
    expect(results).toMatchObject([{ outcome: 'unknown', error }]);
  });

  it('says "unknown" when the write cannot be read back either', async () => {
    const { store } = stores(150);
    proxy.plan((call) => (isCommit(call) || isLoad(call) ? 'hang' : undefined));
    const results = await store.save([write('h/1', 'one')]);
    expect(results).toMatchObject([{ outcome: 'unknown' }]);
  });

  it('fails what is not permitted, and only that', async () => {
    const { store } = stores();
    proxy.plan((call) => (isCommit(call) && call.body.includes('h.12') ? 7 : undefined));
    const results = await store.save([write('h/1', 'a'), write('h/2', 'b'), write('h/3', 'c')]);
    const error = { code: 'store-unavailable', retryable: true };
    expect(results).toMatchObject([
      { outcome: 'saved' },
      { outcome: 'failed', error },
      { outcome: 'saved' },
    ]);
  });

  it('says "unknown" when it is throttled until the time is over, because the SDK goes on', async () => {
    const { store } = stores(300);
    proxy.plan((call) => (isCommit(call) ? 8 : undefined));
    const [result] = await store.save([write('h/1', 'one')]);
    expect(result).toMatchObject({ outcome: 'unknown', error: { retryable: true } });
  });

  it('rejects a load, retryably, that finds no answer in time, and says nothing of the keys', async () => {
    const { store } = stores(150);
    proxy.plan(() => 'hang');
    await expect(store.load(['h/secret'])).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: 'Firestore could not load records within 150 ms.',
    });
    await expect(store.due({ before: 1, limit: 1 })).rejects.toMatchObject({ retryable: true });
    const query = { handler: 'h', tag: 't', value: 'v', limit: 1 };
    await expect(store.query(query)).rejects.toMatchObject({ retryable: true });
  });
});

function versionIn(result: object | undefined): { readonly version: string } {
  return { version: (result as { readonly version: string }).version };
}
