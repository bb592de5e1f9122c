import type { Runtime } from '@hearth/core';
import {
  fromEventGrid,
  fromEventHub,
  fromHttp,
  fromServiceBus,
} from '@hearth/emulators/azure-host';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { app, bytes, reading, world } from '../../test/meter.ts';
import { freshName, stamp, worker } from '../../test/worker.ts';
import {
  blob,
  easyAuth,
  eventGrid,
  eventHub,
  http,
  iotHub,
  iotHubDevice,
  serviceBus,
} from '../index.ts';
import type { EasyAuth } from '../index.ts';

const place = { connection: 'C', eventHubName: 'h', queueName: 'q' };
const mallory = { kind: 'device', id: 'mallory' } as const;
const forged = reading('1', 1, 'm1', { authid: 'm1', principal: 'device:m1' });

afterEach(() => vi.unstubAllEnvs());

const telemetryOf = (system: object, body: unknown = forged) => ({
  id: 'g1',
  topic: '/SUBSCRIPTIONS/1/RESOURCEGROUPS/2/PROVIDERS/MICROSOFT.DEVICES/IOTHUBS/ACME',
  subject: 'devices/m1',
  eventType: 'Microsoft.Devices.DeviceTelemetry',
  eventTime: '2024-01-01T00:00:00Z',
  dataVersion: '',
  data: {
    // What a device can choose.
    properties: stamp({ id: 'm1' }),
    systemProperties: { 'user-id': 'm1', 'message-id': 'm1', 'dt-subject': 'm1', ...system },
    body: Buffer.from(bytes(body)).toString('base64'),
  },
});

const clip = {
  id: 'g2',
  topic: '/subscriptions/1/resourceGroups/2/providers/Microsoft.Storage/storageAccounts/acme',
  subject: '/blobServices/default/containers/clips/blobs/mallory/1.mp4',
  eventType: 'Microsoft.Storage.BlobCreated',
  eventTime: '2024-01-01T00:00:00Z',
  data: {
    url: 'https://acme/clips/m1/1.mp4',
    contentType: 'video/mp4',
    contentLength: 1,
    eTag: '1',
  },
  dataVersion: '',
};

/** Mallory says what only m1 may say, on each trigger, and claims in every way that a sender has to be m1. */
const attempts: Readonly<Record<string, (runtime: Runtime, name: string) => Promise<unknown>>> = {
  iotHub(runtime, name) {
    worker.app.eventHub(name, iotHub(app, { ...runtime, ...place }));
    const claims = { 'user-id': 'm1', 'message-id': 'm1', 'dt-subject': 'm1' };
    const systemProperties = { ...claims, ...stamp(mallory) };
    const message = { body: bytes(forged), properties: stamp({ id: 'm1' }), systemProperties };
    return fromEventHub(worker, name, [{ ...message, partitionKey: 'm1' }]);
  },
  'iotHub, unstamped'(runtime, name) {
    worker.app.eventHub(name, iotHub(app, { ...runtime, ...place }));
    const data = { by: 1, systemProperties: stamp({ id: 'm1' }), ...stamp({ id: 'm1' }) };
    const body = bytes({ ...forged, data });
    return fromEventHub(worker, name, [{ body, properties: stamp({ id: 'm1' }) }]);
  },
  eventHub(runtime, name) {
    worker.app.eventHub(name, eventHub(app, { ...runtime, ...place, principal: mallory }));
    return fromEventHub(worker, name, [
      { body: bytes(forged), systemProperties: stamp({ id: 'm1' }) },
    ]);
  },
  'eventHub, nobody named'(runtime, name) {
    worker.app.eventHub(name, eventHub(app, { ...runtime, ...place }));
    return fromEventHub(worker, name, [
      { body: bytes(forged), systemProperties: stamp({ id: 'm1' }) },
    ]);
  },
  serviceBus(runtime, name) {
    worker.app.serviceBusQueue(
      name,
      serviceBus(app, { ...runtime, ...place, principal: iotHubDevice }),
    );
    // Among the application properties, IoT Hub's stamps lie beside whatever a device has put there.
    const applicationProperties = stamp({ id: 'm1' });
    return fromServiceBus(worker, name, [
      { body: bytes(forged), applicationProperties, sessionId: 'm1' },
    ]);
  },
  'eventGrid, telemetry'(runtime, name) {
    worker.app.eventGrid(name, eventGrid(app, { ...runtime, telemetry: true }));
    return fromEventGrid(worker, name, telemetryOf(stamp(mallory)));
  },
  'eventGrid, telemetry without a stamp'(runtime, name) {
    worker.app.eventGrid(name, eventGrid(app, { ...runtime, telemetry: true }));
    return fromEventGrid(worker, name, telemetryOf({ 'iothub-connection-device-id': 'm1' }));
  },
  eventGrid(runtime, name) {
    worker.app.eventGrid(name, eventGrid(app, { ...runtime, principal: mallory }));
    return fromEventGrid(worker, name, forged);
  },
  blob(runtime, name) {
    const data = () => ({ by: 1 });
    const blobs = {
      'clips/{device}/{file}': { type: 'com.acme.counted', data, principal: () => mallory },
    };
    const m1 = { ...clip, subject: clip.subject.replace('mallory', 'm1') };
    worker.app.eventGrid(name, blob(app, { ...runtime, blobs }));
    return fromEventGrid(worker, name, m1);
  },
  http(runtime, name) {
    worker.app.http(name, http(app, { ...runtime, authenticate: () => mallory }));
    const headers = {
      'content-type': 'application/cloudevents+json',
      'x-ms-client-principal': Buffer.from('{"auth_typ":"aad"}').toString('base64'),
      'x-ms-client-principal-id': 'm1',
    };
    return fromHttp(worker, name, { headers, body: bytes(forged) });
  },
};

describe('one device speaks for another on', () => {
  it.each(Object.keys(attempts))('%s: it is buried, and an alarm is raised', async (trigger) => {
    const at = world();
    await attempts[trigger]?.(at.runtime, freshName());
    expect(at.codes()).toEqual(['not-permitted']);
    expect(at.publisher.published.map(({ event }) => event.type)).toEqual([
      'hearth.security.denied',
    ]);
    expect((await at.state()).sum).toBe(0);
  });
});

describe('a device whose name has signs', () => {
  const names = ["-:.+%_#*?!(),=@;$'", '%41', 'a+b#c', '%zz', '$events', 'A', 'x'.repeat(128)];

  it.each(names)(
    '%s speaks for itself, and for nobody whose name is nearly the same',
    async (id) => {
      const at = world();
      const name = freshName();
      const plain = { type: 'com.acme.counted' };
      worker.app.eventHub(name, iotHub(app, { ...at.runtime, ...place, plain }));
      await fromEventHub(worker, name, [
        { body: bytes({ by: 2 }), systemProperties: stamp({ id }) },
        { body: bytes(reading('1', 3, id)), systemProperties: stamp({ id }) },
        {
          body: bytes(reading('2', 3, id.toLowerCase() === id ? `${id} ` : id.toLowerCase())),
          systemProperties: stamp({ id }),
        },
      ]);
      expect((await at.state(id)).sum).toBe(5);
      expect(at.codes()).toEqual(['not-permitted']);
    },
  );

  it('is encoded in the source of what it says', async () => {
    const at = world();
    const name = freshName();
    const plain = { type: 'com.acme.counted', data: () => ({ by: 14 }) };
    worker.app.eventHub(name, iotHub(app, { ...at.runtime, ...place, plain }));
    await fromEventHub(worker, name, [
      { body: bytes('{}'), systemProperties: stamp({ id: 'a%#b' }) },
    ]);
    expect(at.letters()[0]?.event?.source).toBe('iothub:a%25%23b');
  });
});

describe('metadata that a sender can write', () => {
  it('is not believed beside a body that is text, over which the host puts what is in it', async () => {
    const at = world();
    const name = freshName();
    const principal = ({ properties }: { readonly properties: object }) =>
      'trusted' in properties ? ({ kind: 'service', id: 's' } as const) : mallory;
    const options = { ...at.runtime, ...place, principal };
    // Somebody has registered the handler without the binding that was given with it.
    const { handler } = serviceBus(app, options);
    worker.app.serviceBusQueue(name, { connection: 'C', queueName: 'q', handler });
    const applicationProperties = { trusted: true };
    await fromServiceBus(worker, name, [{ body: bytes(reading('1')), applicationProperties }]);
    expect(at.codes()).toEqual(['not-permitted']);
  });
});

const header = (claims: unknown, provider = 'aad') =>
  Buffer.from(JSON.stringify({ auth_typ: provider, claims })).toString('base64');
const oid = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

describe('the header of App Service Authentication', () => {
  const ask = (value: string | undefined, options: Partial<EasyAuth> = {}) => {
    const headers = new Headers(value === undefined ? {} : { 'x-ms-client-principal': value });
    const request = { method: 'POST', url: 'https://acme/', headers };
    return easyAuth({ provider: 'aad', ...options })(request);
  };

  it('names who speaks where the platform checks requests', () => {
    vi.stubEnv('WEBSITE_AUTH_ENABLED', 'True');
    expect(ask(header([{ typ: oid, val: 'u1' }]))).toEqual({ kind: 'user', id: 'u1' });
  });

  it.each([undefined, 'False', 'true '])('is anybody’s where it does not (%s)', (enabled) => {
    vi.stubEnv('WEBSITE_AUTH_ENABLED', enabled);
    expect(ask(header([{ typ: oid, val: 'u1' }]))).toBeUndefined();
  });

  it('is believed behind another proxy only if somebody says so', () => {
    const options = { trust: 'proxy', claim: 'sub', kind: 'service' } as const;
    expect(ask(header([{ typ: 'sub', val: 'x' }]), options)).toEqual({ kind: 'service', id: 'x' });
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is no base64', '%%%'],
    ['is no JSON', Buffer.from('{').toString('base64')],
    ['is JSON of another kind', Buffer.from('[1]').toString('base64')],
    ['is of another provider', header([{ typ: oid, val: 'u1' }], 'google')],
    ['has no claims', header(null)],
    ['lacks the claim', header([{ typ: 'name', val: 'u1' }])],
    [
      'has the claim twice',
      header([
        { typ: oid, val: 'u1' },
        { typ: oid, val: 'u2' },
      ]),
    ],
    ['has an empty one', header([{ typ: oid, val: '' }])],
    ['has a claim that is no text', header([{ typ: oid, val: 1 }, null])],
  ])('lets nobody in if it %s', (_, value) => {
    vi.stubEnv('WEBSITE_AUTH_ENABLED', 'True');
    expect(ask(value)).toBeUndefined();
  });
});
