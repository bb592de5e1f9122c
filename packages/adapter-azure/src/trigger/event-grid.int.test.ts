import { fromEventGrid } from '@hearth/emulators/azure-host';
import { describe, expect, it } from 'vitest';
import { app, reading, world } from '../../test/meter.ts';
import { freshName, stamp, worker } from '../../test/worker.ts';
import { blob, decodeBlob, decodeEventGrid, eventGrid } from '../index.ts';
import type { BlobDecodeOptions, EventGridOptions, FunctionContext } from '../index.ts';

const service = { kind: 'service', id: 's' } as const;
const context: FunctionContext = {
  invocationId: '1',
  functionName: 'f',
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const own = {
  id: 'g1',
  topic: '/subscriptions/1/resourceGroups/2/providers/Microsoft.EventGrid/topics/acme',
  subject: 'm1',
  eventType: 'com.acme.counted',
  eventTime: '2024-01-01T00:00:00.1234567Z',
  data: { by: 2 },
  dataVersion: '1',
  metadataVersion: '1',
};

it('tells the host nothing but that there is a function', () => {
  const name = freshName();
  worker.app.eventGrid(name, eventGrid(app, { ...world().runtime, principal: service }));
  const [binding] = Object.values(worker.metadata(name).bindings);
  expect(Object.keys(binding ?? {}).toSorted()).toEqual([
    'direction',
    'name',
    'properties',
    'type',
  ]);
});

it('reads an event in the schema of Event Grid as the CloudEvent that it is', () => {
  const [{ event }] = decodeEventGrid(own, context);
  expect(event).toEqual({
    specversion: '1.0',
    id: 'g1',
    source: own.topic,
    type: 'com.acme.counted',
    subject: 'm1',
    time: own.eventTime,
    data: { by: 2 },
  });
});

it('takes no event out of the data of another one', () => {
  const [{ event }] = decodeEventGrid({ ...own, data: reading('inner') }, context);
  expect(event).toMatchObject({ id: 'g1', data: { id: 'inner' } });
});

describe('telemetry of IoT Hub', () => {
  const telemetry = (data: object, type = 'Microsoft.Devices.DeviceTelemetry') => ({
    ...own,
    eventType: type,
    data: { properties: {}, systemProperties: stamp({ id: 'd#1' }), ...data },
  });
  const json = { 'iothub-content-type': 'application/json', 'iothub-content-encoding': 'utf-8' };
  const plain = { type: 'com.acme.counted' };
  const decode = (event: unknown, options: Partial<EventGridOptions> = {}) =>
    decodeEventGrid(event, context, { telemetry: true, plain, ...options })[0];

  it('is the event of its device, if it says that it is JSON', () => {
    const systemProperties = { ...stamp({ id: 'd#1' }), ...json };
    expect(decode(telemetry({ body: { by: 3 }, systemProperties }))).toMatchObject({
      event: {
        id: 'g1',
        source: 'iothub:d%231',
        subject: 'd#1',
        type: plain.type,
        data: { by: 3 },
      },
      principal: { kind: 'device', id: 'd#1' },
    });
  });

  it.each([
    ['{"by":3}', undefined, { data: { by: 3 } }],
    [
      '\u00ff',
      'application/octet-stream',
      { data_base64: Buffer.from('\u00ff').toString('base64') },
    ],
    ['by=3', 'text/plain', { data: 'by=3' }],
  ])('is read from base64 otherwise: %j', (body, type, expected) => {
    const systemProperties = { ...stamp({ id: 'd1' }), 'iothub-content-type': type };
    const sent = { body: Buffer.from(body).toString('base64'), systemProperties };
    expect(decode(telemetry(sent)).event).toMatchObject(expected);
  });

  it('may be a CloudEvent of the device', () => {
    const systemProperties = { ...stamp({ id: 'm1' }), ...json };
    expect(decode(telemetry({ body: reading('7'), systemProperties })).event).toEqual(reading('7'));
  });

  it('is an event like any other unless somebody says that only IoT Hub can publish here', () => {
    const input = decode(telemetry({ body: { by: 3 } }), { telemetry: false, principal: service });
    expect(input).toMatchObject({
      event: { type: 'Microsoft.Devices.DeviceTelemetry', subject: 'm1' },
      principal: service,
    });
  });

  it('is only telemetry: other events of IoT Hub stay what they are', () => {
    const input = decode(telemetry({}, 'Microsoft.Devices.DeviceConnected'));
    expect(input.event).toMatchObject({ type: 'Microsoft.Devices.DeviceConnected' });
    expect(input.principal.kind).toBe('anonymous');
  });
});

describe('a stored blob', () => {
  const stored = {
    ...own,
    eventType: 'Microsoft.Storage.BlobCreated',
    subject: '/blobServices/default/containers/clips/blobs/cam 1/2024/a+b.mp4',
    data: {
      api: 'PutBlob',
      url: 'https://acme.blob.core.windows.net/clips/cam%201/2024/a%2Bb.mp4',
      contentType: 'video/mp4',
      contentLength: 524288,
      eTag: '0x8D4BCC2E4835CD0',
      sequencer: '00000000000004420000000000028963',
    },
  };
  const options: BlobDecodeOptions = {
    blobs: { 'clips/{device}/{year}/{file}': { type: 'com.acme.clip.stored' } },
    principal: 'topic',
  };

  it('becomes an event about what its name says, by whom it says', () => {
    const [input] = decodeBlob(stored, context, options);
    expect(input).toMatchObject({
      event: {
        id: 'g1',
        type: 'com.acme.clip.stored',
        source: 'blob:clips/cam%201/2024/a+b.mp4',
        subject: 'cam 1',
        time: own.eventTime,
        data: {
          url: stored.data.url,
          container: 'clips',
          name: 'cam 1/2024/a+b.mp4',
          contentType: 'video/mp4',
          sizeBytes: 524288,
          etag: stored.data.eTag,
        },
      },
      principal: { kind: 'device', id: 'cam 1' },
    });
  });

  it('is one in the schema of CloudEvents as well', () => {
    const { topic, eventType, eventTime, dataVersion: _, metadataVersion: __, ...rest } = stored;
    const cloud = { specversion: '1.0', ...rest, source: topic, type: eventType, time: eventTime };
    expect(decodeBlob(cloud, context, options)).toEqual(decodeBlob(stored, context, options));
  });

  it('has a name that is taken as it is, so that no two names are one device', () => {
    for (const name of ['cam+1', 'cam%201', 'cam=201', '#', '..']) {
      const subject = stored.subject.replace('cam 1', name);
      const [{ event, principal }] = decodeBlob({ ...stored, subject }, context, options);
      expect(event).toMatchObject({ subject: name });
      expect(principal).toEqual({ kind: 'device', id: name });
    }
  });

  it('is nobody’s unless it is said who stores', () => {
    const [{ principal }] = decodeBlob(stored, context, { blobs: options.blobs });
    expect(principal.kind).toBe('anonymous');
  });

  it('has the effect that its event has', async () => {
    const at = world();
    const name = freshName();
    const data = (_: unknown, { file = '' }: Readonly<Record<string, string>>) => ({
      by: file.length,
    });
    const blobs = { 'clips/{device}/{year}/{file}': { type: 'com.acme.counted', data } };
    worker.app.eventGrid(name, blob(app, { ...at.runtime, blobs, principal: 'topic' }));
    for (let i = 0; i < 2; i += 1) await fromEventGrid(worker, name, stored);
    expect((await at.state('cam 1')).sum).toBe('a+b.mp4'.length);
  });

  it('needs patterns that can be used', () => {
    const blobs = { 'clips/{file}': { type: 'x', principal: 'topic' } } as const;
    expect(() => blob(app, { ...world().runtime, blobs })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'principal' }),
    );
  });
});

describe('many events of one record at a time', () => {
  it('are all done, some of them after the host has brought them again', async () => {
    const at = world();
    const name = freshName();
    worker.app.eventGrid(name, eventGrid(app, { ...at.runtime, principal: service }));
    let left = Array.from({ length: 24 }, (_, i) => reading(`e${i}`));
    for (let round = 0; left.length > 0 && round < 24; round += 1) {
      const done = await Promise.allSettled(left.map((one) => fromEventGrid(worker, name, one)));
      left = left.filter((_, index) => done[index]?.status === 'rejected');
    }
    expect((await at.state()).sum).toBe(24);
    expect(new Set(at.publisher.published.map(({ event }) => event.id)).size).toBe(24);
    expect(at.codes()).toEqual([]);
  });
});
