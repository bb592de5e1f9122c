import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { TableClient } from '@azure/data-tables';
import { azureFunctions, type AzureFunctions } from '@hearth/emulators/azure-functions';
import { fromEventHub, fromHttp, fromTimer } from '@hearth/emulators/azure-host';
import { startAzurite, type Azurite } from '@hearth/emulators/azurite';
import { startIotHubRest, type IotHubRest } from '@hearth/emulators/iot-hub';
import { commandPath, needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildFor, type Built } from './build.ts';
import { bound, occupancy } from './test/cloud-event.ts';
import { recorder } from './test/recorder.ts';
import { misstated } from './test/stated-sizes.ts';

const openssl = commandPath('openssl');
const dist = mkdtempSync(join(tmpdir(), 'hearth-azure-'));
let built: readonly Built[] | undefined;
let worker: AzureFunctions;
let tables: Azurite;
let hub: IotHubRest;
let identity: Awaited<ReturnType<typeof recorder>>;

/** The endpoint at which a function app gets tokens for its own identity; Azurite and our hub believe them. */
function tokenFor({ url }: { readonly url: string }) {
  const now = Math.floor(Date.now() / 1000);
  const resource = new URL(url, 'http://localhost').searchParams.get('resource');
  const claims = {
    iss: 'https://sts.windows.net/acme/',
    aud: resource,
    iat: now,
    nbf: now - 60,
    exp: now + 3600,
  };
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims, {}];
  const token = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const body = {
    access_token: token,
    expires_on: String(now + 3600),
    resource,
    token_type: 'Bearer',
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** Azurite takes tokens over TLS only, as Azure does. */
function certificate(): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(dist, 'cert.pem'), join(dist, 'key.pem')];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
  ];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(openssl ?? '', [...made, ...named, '-out', cert, '-keyout', key], {
    stdio: 'ignore',
  });
  setDefaultCACertificates([...getCACertificates(), readFileSync(cert, 'utf8')]);
  return { cert, key };
}

// Compilers and emulators start slowly on a busy machine.
const patienceMs = 120_000;

beforeAll(async () => {
  if (openssl === undefined) return;
  const building = buildFor(['azure'], dist);
  [tables, hub, identity] = await Promise.all([
    startAzurite(certificate()),
    startIotHubRest(),
    recorder(tokenFor),
  ]);
  built = await building;
  const url = tables.url.replace('127.0.0.1', 'localhost');
  await TableClient.fromConnectionString(tables.connectionString(url), 'home').createTable();
  const env = {
    IDENTITY_ENDPOINT: `${identity.url}/token`,
    IDENTITY_HEADER: 'of-this-function-app',
    TABLES_URL: `${url}/devstoreaccount1`,
    IOT_HUB_URL: hub.endpoint,
    BUS__fullyQualifiedNamespace: 'localhost',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  worker = azureFunctions();
  createRequire(import.meta.url)(join(dist, 'azure/azure.cjs'));
}, patienceMs);

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([tables?.stop(), hub?.stop(), identity?.stop()]);
  rmSync(dist, { recursive: true, force: true });
});

const tell = async (body: string) => {
  const headers = { 'content-type': 'application/cloudevents+json' };
  return (await fromHttp(worker, 'events', { headers, body: Buffer.from(body) })).status;
};

/** What a device says, as IoT Hub stamps it and routes it to the event hub. */
const say = (device: string, data: object) => {
  const systemProperties = {
    'iothub-connection-device-id': device,
    'iothub-connection-auth-generation-id': '638363123456789012',
    'iothub-connection-auth-method': '{"scope":"device","type":"x509Certificate"}',
  };
  const body = Buffer.from(JSON.stringify(data));
  return fromEventHub(worker, 'readings', [{ body, systemProperties }]);
};

describe('one home on Azure', () => {
  it('is one file of the size that the README states', (test) => {
    expect(misstated(needs(test, built, 'openssl, for a certificate'))).toEqual([]);
  });

  it('takes a reading, and sets the desired properties of the device, by its own identity', async (test) => {
    needs(test, openssl, 'openssl, for a certificate');
    expect(await tell(bound('t1', 'h1'))).toBe(202);
    expect(await tell(occupancy('h1', 0))).toBe(202);
    await say('t1', { celsius: 14 });
    expect(hub.deliveries).toEqual([{ device: 't1', payload: { occupiedHeatingSetpoint: 18 } }]);
    const resources = identity.requests.map(({ url }) =>
      new URL(url, 'http://a').searchParams.get('resource'),
    );
    expect(new Set(resources)).toEqual(
      new Set(['https://storage.azure.com', 'https://iothubs.azure.net']),
    );
  });

  it('sweeps', async (test) => {
    needs(test, openssl, 'openssl, for a certificate');
    expect(
      (await fromTimer(worker, 'sweep')).logs.filter(({ level }) => level === 'error'),
    ).toEqual([]);
  });
});
