import { describe, expect, it } from 'vitest';
import { mqttDecoder, type MqttDecodeOptions, type MqttMessage } from './decode.ts';

const type = 'com.acme.thermostat.temperature';
const topics = { 'device/{device}/temperature': { type }, 'device/{device}/events': {} };
const event = {
  specversion: '1.0',
  id: '1',
  source: 'urn:acme:t1',
  type,
  subject: 't1',
  data: { celsius: 21.5 },
};

function decode(message: Partial<MqttMessage>, options: Partial<MqttDecodeOptions> = {}) {
  const payload = message.payload ?? Buffer.from('{"celsius":21.5}');
  const topic = message.topic ?? 'device/t1/temperature';
  return mqttDecoder({ topics, ...options })({ ...message, topic, payload }, () => 'transport');
}

describe('a plain payload', () => {
  it('becomes an event of the type of its topic, about the device of its topic', () => {
    expect(decode({})).toMatchObject({
      order: 't1',
      event: {
        specversion: '1.0',
        id: 'transport',
        source: 'mqtt:device/t1/temperature',
        type,
        subject: 't1',
        data: { celsius: 21.5 },
      },
    });
  });

  it('has the id that the device gave it in the user property "id"', () => {
    const properties = { userProperties: { id: '42' } };
    expect(decode({ properties }).event).toMatchObject({ id: '42' });
  });

  it.each([
    ['{"celsius":21.5,"seq":42}', '42'],
    ['{"celsius":21.5,"seq":"42"}', '42'],
    ['{"celsius":21.5}', 'transport'],
    ['{"celsius":21.5,"seq":{}}', 'transport'],
    ['[42]', 'transport'],
  ])('of %s has the id %s, by a property that the topic names', (text, id) => {
    const named = { 'device/{device}/temperature': { type, id: 'seq' } };
    const payload = Buffer.from(text);
    expect(decode({ payload }, { topics: named }).event).toMatchObject({ id });
  });

  it('can be anything that the topic says it is, and made to fit', () => {
    const data = (payload: unknown) => ({ celsius: Number(payload) });
    const plain = { 'device/{device}/temperature': { type, contentType: 'text/plain', data } };
    const payload = Buffer.from('21.5');
    expect(decode({ payload }, { topics: plain }).event).toMatchObject({ data: { celsius: 21.5 } });
  });

  it('that no data can be made of is rejected', () => {
    const data = () => {
      throw new TypeError('no');
    };
    const odd = { 'device/{device}/temperature': { type, data } };
    expect(decode({}, { topics: odd }).event).toMatchObject({ code: 'invalid-data' });
  });

  it('is about the subject that the pattern names', () => {
    const two = { 'home/{home}/room/{room}': { type, subject: 'home' } };
    const input = decode({ topic: 'home/h1/room/r1' }, { topics: two });
    expect(input).toMatchObject({ order: 'h1', event: { subject: 'h1' } });
  });
});

describe('an event', () => {
  const structured = Buffer.from(JSON.stringify(event));

  it('is taken from a structured payload, with MQTT 5 and without', () => {
    const contentType = 'application/cloudevents+json; charset=utf-8';
    expect(decode({ payload: structured }).event).toEqual(event);
    expect(decode({ payload: structured, properties: { contentType } }).event).toEqual(event);
  });

  it('is taken from user properties', () => {
    const { data: _, ...attributes } = event;
    const properties = { contentType: 'application/json', userProperties: attributes };
    expect(decode({ properties }).event).toMatchObject(event);
  });

  it('is in order with the messages of the device that it came from, whoever it is about', () => {
    expect(decode({ topic: 'device/t9/events', payload: structured }).order).toBe('t9');
  });

  it('carries the trace of its transport beside its own', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const properties = { userProperties: { traceparent } };
    expect(decode({ payload: structured, properties }).traceparent).toBe(traceparent);
  });
});

describe('a message that is no event', () => {
  it.each([
    ['on a topic without a type', 'device/t1/events', '{"celsius":1}', 'unsupported-media-type'],
    ['on a topic that no pattern matches', 'other', '{"celsius":1}', 'unsupported-media-type'],
    ['because it is no JSON', 'device/t1/temperature', '21.5 °C', 'invalid-event'],
    ['because it lacks an id', 'device/t1/events', '{"specversion":"1.0"}', 'invalid-event'],
  ])('%s is rejected with its text', (_, topic, raw, code) => {
    const payload = Buffer.from(raw);
    expect(decode({ topic, payload })).toMatchObject({ event: { code }, raw, id: 'transport' });
  });

  it('is refused before it is parsed, if it is too long or too deep, and kept in part', () => {
    const long = decode({ payload: Buffer.alloc(100_000, '[') }, { limits: { maxBytes: 1_000 } });
    expect(long).toMatchObject({ event: { code: 'limit-exceeded' } });
    expect(long.raw).toHaveLength(65_536);
    const deep = Buffer.from('['.repeat(70) + ']'.repeat(70));
    expect(decode({ payload: deep }).event).toMatchObject({ code: 'limit-exceeded' });
  });

  it('is kept as base64 if it is no text', () => {
    expect(decode({ payload: Buffer.from([0xff, 0xfe]) }).raw).toBe('//4=');
  });

  it('is in order with the device of its topic', () => {
    expect(decode({ payload: Buffer.from('no') }).order).toBe('t1');
  });
});

describe('who speaks', () => {
  it('is nobody, unless something proves it', () => {
    expect(decode({}).principal).toEqual({ kind: 'anonymous', id: '' });
    expect(decode({ topic: 'other' }, { principal: 'topic' }).principal.kind).toBe('anonymous');
  });

  it('is the device of the topic, where the broker sees to that', () => {
    expect(decode({}, { principal: 'topic' }).principal).toEqual({ kind: 'device', id: 't1' });
  });

  it.each(['+', '#', 'a/b', '$aws', '../x', 'dev\u0001', "O'Reilly;", 'a'.repeat(128)])(
    'is %j, as it was published',
    (id) => {
      const escaped = id.replaceAll(/[^\w.:-]/g, (char) =>
        [...Buffer.from(char)]
          .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
          .join(''),
      );
      const input = decode({ topic: `device/${escaped}/temperature` }, { principal: 'topic' });
      expect(input.principal).toEqual({ kind: 'device', id });
    },
  );

  it('is whom the broker names in a user property', () => {
    const properties = { userProperties: { 'client-id': 't1' } };
    const principal = { userProperty: 'client-id' };
    expect(decode({ properties }, { principal }).principal).toEqual({ kind: 'device', id: 't1' });
    expect(decode({}, { principal }).principal.kind).toBe('anonymous');
  });

  it('has the credential that the topic is reserved for, or that the broker names', () => {
    const proofs = { 'proof/{device}/{credential}': {} };
    const topic = 'proof/t1/8f=2F3a';
    const device = { kind: 'device', id: 't1' };
    const byTopic = decode({ topic }, { topics: proofs, principal: 'topic' });
    expect(byTopic.principal).toEqual({ ...device, credential: '8f/3a' });
    const principal = { userProperty: 'client-id', credential: 'cert-fingerprint' };
    const sent = (userProperties: Readonly<Record<string, string | string[]>>) =>
      decode({ properties: { userProperties } }, { principal });
    const known = sent({ 'client-id': 't1', 'cert-fingerprint': '8f' });
    expect(known.principal).toEqual({ ...device, credential: '8f' });
    expect(sent({ 'client-id': 't1' }).principal).toEqual(device);
    expect(sent({ 'cert-fingerprint': '8f' }).principal.kind).toBe('anonymous');
    const doubled = sent({ 'client-id': 't1', 'cert-fingerprint': ['9a', '8f'] });
    expect(doubled.event).toMatchObject({ code: 'not-permitted' });
  });

  it('is not believed if the device sent the user property as well', () => {
    const properties = { userProperties: { 'client-id': ['mallory', 't1'] } };
    const { event: error, principal } = decode(
      { properties },
      { principal: { userProperty: 'client-id' } },
    );
    expect(error).toMatchObject({ code: 'not-permitted' });
    expect(principal.kind).toBe('anonymous');
  });

  it('is whom the topic is reserved for', () => {
    const backend = { kind: 'service', id: 'backend' } as const;
    const reserved = { 'device/{device}/temperature': { type, principal: backend } };
    expect(decode({}, { topics: reserved, principal: 'topic' }).principal).toBe(backend);
  });

  it('is whom a function says', () => {
    const principal = ({ params }: { params: Readonly<Record<string, string>> }) =>
      ({ kind: 'hub', id: `hub-of-${params['device']}` }) as const;
    expect(decode({}, { principal }).principal).toEqual({ kind: 'hub', id: 'hub-of-t1' });
  });
});

describe('patterns that cannot be used', () => {
  it.each([
    ['a wildcard', { 'device/+/x': {} }, 'anonymous', 'invalid-topic'],
    [
      'a subject that is not in it',
      { 'd/{device}': { subject: 'home' } },
      'anonymous',
      'invalid-option',
    ],
    ['a plain payload about nothing', { 'all/readings': { type } }, 'anonymous', 'invalid-option'],
    ['no device to be the principal', { 'home/{home}': {} }, 'topic', 'invalid-option'],
    ['a type that is none', { 'd/{device}': { type: '' } }, 'anonymous', 'invalid-event'],
  ] as const)('are refused at once: %s', (_, bad, principal, code) => {
    expect(() => mqttDecoder({ topics: bad, principal })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  it('include a user property that an event could have', () => {
    for (const principal of [
      { userProperty: 'clientid' },
      { userProperty: 'client-id', credential: 'fingerprint' },
    ])
      expect(() => mqttDecoder({ topics, principal })).toThrow(
        expect.objectContaining({ code: 'invalid-option' }) as Error,
      );
  });
});
