import { defineApp, type Logger } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import {
  blob,
  decodeEventGrid,
  decodeEventHub,
  decodeIotHub,
  decodeServiceBus,
  eventGrid,
  eventHub,
  http,
  serviceBus,
  type FunctionContext,
} from '../index.ts';

const nothing = () => undefined;
const context = (triggerMetadata: unknown = {}): FunctionContext => ({
  invocationId: 'i1',
  functionName: 'f',
  triggerMetadata: triggerMetadata as Record<string, unknown>,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
});
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};
const noText = { toString: 1, valueOf: 1 };
const plain = { type: 'com.acme.counted' };

it.each([
  ['data that is nested too deeply', { data: deep(6000) }, 'invalid-event'],
  ['an id that is nested too deeply', { id: deep(6000), data: {} }, 'invalid-event'],
])('an event of Event Grid with %s is rejected', (_, strange, code) => {
  const own = { topic: '/t', subject: 's', eventType: 't', eventTime: '2024-01-01T00:00:00Z' };
  const [{ event }] = decodeEventGrid({ id: '1', ...own, ...strange }, context());
  expect(event).toMatchObject({ code });
});

describe('metadata that nobody has foreseen', () => {
  const stamp = (id: string) => ({
    'iothub-connection-device-id': id,
    'iothub-connection-auth-generation-id': 'g',
    'iothub-connection-auth-method': 'm',
  });

  it.each([null, 'text', [], { partitionContext: 1, sequenceNumberArray: 'no' }])(
    'does not keep a hub from being read: %j',
    (metadata) => {
      expect(decodeEventHub([Buffer.from('{}')], context(metadata))).toHaveLength(1);
      expect(decodeServiceBus(Buffer.from('{}'), context(metadata))).toHaveLength(1);
    },
  );

  it('is no number where it writes none of itself', () => {
    const sequenceNumberArray = [noText, deep(6000), 7];
    const bodies = sequenceNumberArray.map(() => Buffer.from('{}'));
    const enqueuedTimeUtcArray = bodies.map(() => '2024-01-01T00:00:00');
    const metadata = context({ sequenceNumberArray, enqueuedTimeUtcArray });
    expect(decodeEventHub(bodies, metadata, { plain: { ...plain, subject: 's' } })).toMatchObject([
      { event: { code: 'invalid-event' } },
      { event: { code: 'invalid-event' } },
      { event: { id: '.7.1704067200000' } },
    ]);
    const [bus] = decodeServiceBus(bodies[0], context({ deliveryCount: noText }));
    expect(bus?.attempt).toBeUndefined();
  });

  it('may name a device with half of a character, which has a source even so', () => {
    const systemPropertiesArray = [stamp('d\ud800')];
    const metadata = context({
      systemPropertiesArray,
      sequenceNumberArray: [1],
      enqueuedTimeUtcArray: ['2024-01-01T00:00:00'],
    });
    const how = { plain: { ...plain, subject: 's' } };
    expect(decodeIotHub([Buffer.from('{}')], metadata, how)).toMatchObject([
      { event: { source: 'iothub:d%EF%BF%BD' } },
    ]);
  });
});

it('refuses a message whose sender a function tells in no way that is one', () => {
  for (const nobody of [() => undefined, async () => ({ kind: 'service', id: 'x' }), () => 7]) {
    const [input] = decodeEventGrid({ specversion: '1.0' }, context(), {
      principal: nobody as never,
    });
    expect(input).toMatchObject({
      event: { code: 'not-permitted', field: 'principal' },
      principal: { kind: 'anonymous' },
    });
  }
});

describe('a trigger by which nobody can prove who speaks', () => {
  const app = defineApp({ source: 'urn:acme:home', parts: [] });
  const optionsWith = (lines: object[]) => {
    const note = (fields: object) => void lines.push(fields);
    const logger: Logger = { debug: note, info: note, warn: note, error: note, fatal: note };
    return { store: memoryStore(), publisher: memoryPublisher(), logger, connection: 'C' };
  };
  const principal = { kind: 'service', id: 'x' } as const;

  it('says so when it is made', () => {
    const lines: object[] = [];
    const options = optionsWith(lines);
    eventHub(app, { ...options, eventHubName: 'h' });
    serviceBus(app, { ...options, queueName: 'q' });
    eventGrid(app, options);
    blob(app, { ...options, blobs: {} });
    http(app, options);
    const fields = ['principal', 'principal', 'principal', 'principal', 'authenticate'];
    expect(lines).toEqual(fields.map((field) => ({ field })));
  });

  it('says nothing where somebody can', () => {
    const lines: object[] = [];
    const options = { ...optionsWith(lines), principal };
    eventHub(app, { ...options, eventHubName: 'h' });
    serviceBus(app, { ...options, queueName: 'q' });
    eventGrid(app, options);
    eventGrid(app, { ...optionsWith(lines), telemetry: true });
    blob(app, { ...optionsWith(lines), blobs: { '{device}': { type: 't', principal: 'topic' } } });
    http(app, { ...options, authenticate: principal });
    expect(lines).toEqual([]);
  });
});
