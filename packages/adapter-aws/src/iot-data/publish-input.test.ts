import type { CloudEvent } from '@hearth/core/event';
import { describe, expect, it } from 'vitest';
import { iotData } from './iot-data.ts';
import { iotRoutes, type IotRoute } from './iot-route.ts';
import { publishInput } from './publish-input.ts';

const now = Date.UTC(2024, 0, 1);
const event: CloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: 'urn:acme:home',
  type: 'com.acme.thermostat.set',
  subject: 't1',
  data: { celsius: 18 },
};

function inputOf(route?: IotRoute | string, rest: Partial<CloudEvent> = {}, traceparent?: string) {
  const routes = iotRoutes(route === undefined ? undefined : { [event.type]: route });
  const compiled = routes(event.type);
  if (compiled === undefined) throw new Error('There is no route.');
  const all = { ...event, ...rest };
  const trace = traceparent === undefined ? {} : { traceparent };
  return publishInput(compiled, { event: all, body: JSON.stringify(all), ...trace }, now);
}

describe('an event for AWS IoT', () => {
  it('goes to a topic of its subject and type unless told otherwise, as it is stored', () => {
    expect(inputOf()).toEqual({
      topic: 'device/t1/com.acme.thermostat.set',
      qos: 1,
      retain: false,
      payload: Buffer.from(JSON.stringify(event)),
      contentType: 'application/cloudevents+json; charset=utf-8',
    });
  });

  it('goes where its route says, for devices that know nothing of events', () => {
    const input = inputOf({ topic: 'd/{subject}/set', retain: true, payload: 'data' });
    expect(input).toMatchObject({
      topic: 'd/t1/set',
      retain: true,
      contentType: 'application/json',
    });
    expect(Buffer.from(input.payload as Uint8Array).toString()).toBe('{"celsius":18}');
    expect(JSON.parse(input.userProperties as string)).toContainEqual({ id: 'e1' });
  });

  it('carries the trace of this hop', () => {
    expect(inputOf(undefined, {}, 'the-trace').userProperties).toBe(
      '[{"traceparent":"the-trace"}]',
    );
  });

  it('is not delivered after its time, nor sent', () => {
    const until = (ms: number) => ({ expirytime: new Date(now + ms).toISOString() });
    expect(inputOf(undefined, until(1_500)).messageExpiry).toBe(2);
    expect(() => inputOf(undefined, until(0))).toThrow(
      expect.objectContaining({ code: 'expired' }) as Error,
    );
  });

  it('keeps a subject from becoming another topic', () => {
    expect(inputOf('d/{subject}', { subject: '+/../#' }).topic).toBe('d/=2B=2F..=2F=23');
  });

  it.each([
    ['without the attribute of its topic', 'd/{partitionkey}', {}, 'invalid-topic'],
    ['with a topic over 256 bytes', 'd/{subject}', { subject: 'x'.repeat(255) }, 'invalid-topic'],
    ['over 128 KiB', 'd/{subject}', { data: 'x'.repeat(131_072) }, 'limit-exceeded'],
    [
      'with attributes over 8 KiB',
      { topic: 'd/{subject}', payload: 'data' },
      { note: 'x'.repeat(8_192) },
      'limit-exceeded',
    ],
  ] as const)('%s fails for good', (_, route, rest, code) => {
    expect(() => inputOf(route, rest)).toThrow(
      expect.objectContaining({ code, retryable: false }) as Error,
    );
  });
});

describe('iotData', () => {
  it('skips a type without a topic, or fails if told so; a dead letter is never skipped', async () => {
    const letter = { ...event, type: 'hearth.deadletter' };
    const events = [event, letter].map((one) => ({ event: one, body: '{}' }));
    expect(await iotData({ topics: {} }).publish(events)).toMatchObject([
      { outcome: 'published' },
      { outcome: 'failed', error: { code: 'invalid-option', retryable: false } },
    ]);
    const failing = iotData({ topics: {}, unrouted: 'fail' });
    expect(await failing.publish(events.slice(0, 1))).toMatchObject([{ outcome: 'failed' }]);
  });

  it.each([['a/+/b'], ['a/b/c/d/e/f/g/h/i']])('refuses the topic "%s"', (topic) => {
    expect(() => iotData({ topics: { t: topic } })).toThrow(
      expect.objectContaining({ code: 'invalid-topic' }) as Error,
    );
  });
});
