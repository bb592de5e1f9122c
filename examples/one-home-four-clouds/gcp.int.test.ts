import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@hearth/emulators/child-server';
import { faultyGrpc, type FaultyGrpc } from '@hearth/emulators/faulty-grpc';
import { firestoreNeeds, startFirestore } from '@hearth/emulators/firestore';
import { pubsubNeeds, pubsubPair, startPubsub, type PubsubPair } from '@hearth/emulators/pubsub';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFor, type Built } from './build.ts';
import { bound, cloudEvent, occupancy } from './test/cloud-event.ts';
import { answers, program, type Program } from './test/program.ts';
import { misstated } from './test/stated-sizes.ts';

const project = 'acme';
const subscription = `projects/${project}/subscriptions/readings`;
const caller = 'caller@acme.iam.gserviceaccount.com';
const operator = 'operator@acme.iam.gserviceaccount.com';
const dist = mkdtempSync(join(tmpdir(), 'hearth-gcp-'));
let built: readonly Built[];
let firestore: Awaited<ReturnType<typeof startFirestore>>;
let pubsub: Awaited<ReturnType<typeof startPubsub>>;
let calls: readonly FaultyGrpc[] = [];
let home: Program | undefined;
let at: string;
let wishes: PubsubPair | undefined;
let letters: PubsubPair | undefined;

// Compilers and emulators start slowly on a busy machine.
const patienceMs = 120_000;

beforeAll(async () => {
  [firestore, pubsub, built] = await Promise.all([
    startFirestore(),
    startPubsub(),
    buildFor(['gcp'], dist),
  ]);
  if (firestore === undefined || pubsub === undefined) return;
  calls = await Promise.all([firestore, pubsub].map(({ host }) => faultyGrpc(host)));
  const [toFirestore, toPubsub] = calls.map(({ host }) => host);
  wishes = await pubsubPair(pubsub.host, project, 'wishes');
  letters = await pubsubPair(pubsub.host, project, 'dead-letters');
  const port = await freePort();
  at = `http://127.0.0.1:${port}`;
  const env = {
    PORT: String(port),
    GOOGLE_CLOUD_PROJECT: project,
    METADATA_SERVER_DETECTION: 'none',
    FIRESTORE_EMULATOR_HOST: toFirestore ?? '',
    PUBSUB_EMULATOR_HOST: toPubsub ?? '',
    DATABASE: 'home',
    WISHES: 'wishes',
    DEAD_LETTERS: 'dead-letters',
    WAKES: `projects/${project}/locations/europe-west1/queues/wakes`,
    SERVICE_URL: at,
    CALLER: caller,
    OPERATOR: operator,
    READINGS: subscription,
    LOG_LEVEL: 'warn',
  };
  home = await program(join(dist, 'gcp/gcp.cjs'), env, () => answers(at));
}, patienceMs);

afterAll(async () => {
  await home?.stop();
  await Promise.all([...calls, firestore, pubsub].map(async (one) => one?.stop()));
  rmSync(dist, { recursive: true, force: true });
});

/** A token as Cloud Run hands it on: checked, and without its signature. */
function token(email: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'https://accounts.google.com', aud: at, email, email_verified: true };
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { ...claims, iat: now, exp: now + 3600 },
  ];
  const texts = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...texts, 'SIGNATURE_REMOVED_BY_GOOGLE'].join('.');
}

async function post(path: string, email: string, body: string, type = 'application/json') {
  const headers = { authorization: `Bearer ${token(email)}`, 'content-type': type };
  return (await fetch(at + path, { method: 'POST', headers, body })).status;
}

const tell = (event: string) => post('/events', operator, event, 'application/cloudevents+json');

let count = 0;

/** What a device says, as the bridge publishes it and Pub/Sub pushes it. */
function say(device: string, data: object) {
  const encoded = Buffer.from(JSON.stringify(data)).toString('base64');
  const messageId = `m${(count += 1)}`;
  const message = { messageId, data: encoded, attributes: { device } };
  return post('/readings', caller, JSON.stringify({ message, subscription }));
}

const read = async (pair: PubsubPair | undefined) =>
  (await pair?.pull())?.map(
    ({ data = '' }) => JSON.parse(Buffer.from(data, 'base64').toString()) as unknown,
  );

describe('one home on Google Cloud', () => {
  it('is one file of the size that the README states', () => {
    expect(misstated(built)).toEqual([]);
  });

  it('takes a reading, and publishes the wish for the bridge', async (test) => {
    needs(test, firestore, firestoreNeeds);
    needs(test, pubsub, pubsubNeeds);
    expect(await tell(bound('t1', 'h1'))).toBe(202);
    expect(await tell(occupancy('h1', 0))).toBe(202);
    expect(await say('t1', { celsius: 14 })).toBe(204);
    expect(await read(wishes)).toEqual([
      expect.objectContaining({
        type: 'com.acme.thermostat.desired',
        subject: 't1',
        data: { desired: { occupiedHeatingSetpoint: 18 }, desiredRev: 1 },
      }),
    ]);
  });

  it('files what it refuses', async (test) => {
    needs(test, home, firestoreNeeds);
    expect(await say('t1', { celsius: 'warm' })).toBe(204);
    expect(await tell(cloudEvent('com.acme.thermostat.temperature', 't1', {}))).toBe(202);
    const code = 'invalid-data';
    const refused = expect.objectContaining({
      data: expect.objectContaining({ code }) as unknown,
    }) as unknown;
    expect(await read(letters)).toEqual([refused, refused]);
  });

  it('lets each caller in by its own door only', async (test) => {
    needs(test, home, firestoreNeeds);
    expect(await post('/events', caller, occupancy('h1', 1))).toBe(401);
    expect(await post('/sweep', operator, '')).toBe(401);
    expect(await post('/sweep', caller, '')).toBe(204);
    expect(await post('/elsewhere', caller, '')).toBe(404);
  });
});

// https://cloud.google.com/firestore/docs/security/iam; a save of ours creates a document, or updates one that it has loaded.
const permissions: Readonly<Record<string, readonly string[]>> = {
  '/google.firestore.v1.Firestore/BatchGetDocuments': ['datastore.entities.get'],
  '/google.firestore.v1.Firestore/Commit': [
    'datastore.entities.create',
    'datastore.entities.update',
  ],
  '/google.firestore.v1.Firestore/RunQuery': ['datastore.entities.get', 'datastore.entities.list'],
  '/google.pubsub.v1.Publisher/Publish': [],
};

it('the role for records permits what the service asks of Firestore, and nothing else', async (test) => {
  needs(test, home, firestoreNeeds);
  const paths = [...new Set(calls.flatMap((one) => one.calls.map(({ path }) => path)))];
  const used = paths.flatMap((path) => permissions[path] ?? [`unknown: ${path}`]);
  const main = readFileSync(new URL('gcp/main.tf', import.meta.url), 'utf8');
  const granted = [...main.matchAll(/"(datastore\.[\w.]+)"/g)].map(([, name]) => name);
  expect([...new Set(used)].toSorted()).toEqual(granted.toSorted());
});
