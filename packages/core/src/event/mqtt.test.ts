import { describe, expect, it } from 'vitest';
import { isHearthError } from './error.ts';
import { decodeMqtt, encodeMqtt, mqttMode, type MqttInput } from './mqtt.ts';

const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' } as const;
const event = { ...minimal, datacontenttype: 'application/json', subject: 'Zoë', data: { a: 1 } };

function faultOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!isHearthError(error)) throw error;
    return `${error.code} ${error.field}`;
  }
}

const binary = (userProperties: object, contentType?: string, payload = ''): MqttInput => ({
  payload: Buffer.from(payload),
  properties: {
    ...(contentType && { contentType }),
    userProperties: { ...minimal, ...userProperties },
  },
});

describe('an event over MQTT 5', () => {
  it('is user properties without prefix or encoding, content type and payload', () => {
    const { payload, properties } = encodeMqtt({ ...event, five: 5, yes: true });
    expect(Buffer.from(payload).toString()).toBe('{"a":1}');
    expect(properties).toStrictEqual({
      contentType: 'application/json',
      userProperties: { ...minimal, subject: 'Zoë', five: '5', yes: 'true' },
    });
  });

  it('has no content type when nothing is known of its bytes', () => {
    const message = encodeMqtt({ ...minimal, data_base64: 'AAH/' });
    expect(message).toStrictEqual({
      payload: Uint8Array.of(0, 1, 255),
      properties: { userProperties: minimal },
    });
    expect(decodeMqtt(message)).toStrictEqual({ ...minimal, data_base64: 'AAH/' });
  });

  it('may be structured', () => {
    const message = encodeMqtt(event, { mode: 'structured' });
    expect(message.properties).toStrictEqual({
      contentType: 'application/cloudevents+json; charset=utf-8',
    });
    expect(mqttMode(message)).toBe('structured');
    expect(decodeMqtt(message)).toStrictEqual(event);
  });

  it('may repeat its content type as a user property, but not contradict it', () => {
    const type = 'application/json; charset=utf-8';
    const expected = { ...minimal, datacontenttype: type, data: 1 };
    const repeated = { datacontenttype: type };
    expect(decodeMqtt(binary(repeated, type, '1'))).toStrictEqual(expected);
    expect(decodeMqtt(binary(repeated, undefined, '1'))).toStrictEqual(expected);
    expect(faultOf(() => decodeMqtt(binary(repeated, 'text/plain', '1')))).toBe(
      'invalid-event datacontenttype',
    );
  });

  it('is refused when an attribute came twice', () => {
    expect(faultOf(() => decodeMqtt(binary({ subject: ['a', 'b'] })))).toBe(
      'invalid-event subject',
    );
    expect(faultOf(() => decodeMqtt(binary({ specversion: ['1.0', '1.0'] })))).toBe(
      'invalid-event specversion',
    );
  });

  it('leaves the user properties of others alone', () => {
    const others = { 'Content-Encoding': 'x', 'x-opt-a': ['1', '2'], toString: 'x' };
    expect(decodeMqtt(binary(others))).toStrictEqual(minimal);
  });

  it('cannot get its data from a user property', () => {
    expect(faultOf(() => decodeMqtt(binary({ data: 'x' })))).toBe('invalid-event data');
    expect(faultOf(() => decodeMqtt(binary({ constructor: 'x' })))).toBe(
      'invalid-event constructor',
    );
  });

  it('reads the properties of mqtt.js, which have no prototype', () => {
    const userProperties = Object.assign(Object.create(null), minimal) as Record<string, string>;
    Object.defineProperty(userProperties, '__proto__', { value: 'x', enumerable: true });
    expect(decodeMqtt({ payload: Buffer.alloc(0), properties: { userProperties } })).toStrictEqual(
      minimal,
    );
  });
});

describe('an event over MQTT 3.1.1', () => {
  it('is JSON without properties, and recognised by it', () => {
    const message = encodeMqtt(event, { version: 4 });
    expect(Object.keys(message)).toEqual(['payload']);
    expect(mqttMode(message)).toBe('structured');
    expect(decodeMqtt(message)).toStrictEqual(event);
    expect(decodeMqtt({ payload: Buffer.from(message.payload).toString() })).toStrictEqual(event);
  });
});

describe('a plain payload', () => {
  it.each([
    ['JSON', { payload: '{"celsius":14}' }],
    ['a text', { payload: '14 specversion' }],
    ['bytes', { payload: Uint8Array.of(0, 255) }],
    ['nothing', { payload: '' }],
    [
      'labelled',
      { payload: '{"specversion":"1.0"}', properties: { contentType: 'application/json' } },
    ],
    ['with properties', { payload: '1', properties: { userProperties: { id: '1' } } }],
    ['with no properties', { payload: '1', properties: { userProperties: null } }],
    [
      'a batch',
      { payload: '[]', properties: { contentType: 'application/cloudevents-batch+json' } },
    ],
  ])('%s is no event', (_, message) => {
    expect(mqttMode(message)).toBeUndefined();
    expect(faultOf(() => decodeMqtt(message))).toMatch(/^unsupported-media-type /);
  });

  it('in another format of CloudEvents is refused', () => {
    const message = { payload: '', properties: { contentType: 'application/cloudevents+avro' } };
    expect(faultOf(() => mqttMode(message))).toMatch(/^unsupported-media-type /);
  });
});

describe('the limits', () => {
  it('hold for MQTT too', () => {
    const deep = '['.repeat(65) + ']'.repeat(65);
    const message = binary({}, 'application/json', deep);
    expect(faultOf(() => decodeMqtt(message))).toBe('limit-exceeded data');
    expect(faultOf(() => decodeMqtt(message, { maxBytes: 100 }))).toBe('limit-exceeded body');
  });
});
