import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HearthError, isHearthError } from './error.ts';
import { decodeBatch, decodeStructured, encodeBatch, encodeStructured } from './json.ts';
import type { CloudEvent } from './cloud-event.ts';

const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' } as const;
const minimalText = JSON.stringify(minimal);
const withData = (data: string): string => `${minimalText.slice(0, -1)},"data":${data}}`;

function errorOf(run: () => unknown): HearthError {
  try {
    run();
  } catch (error) {
    if (isHearthError(error)) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('decodeStructured', () => {
  it('reads text and bytes alike', () => {
    const text = withData('{"celsius":14.5,"room":"Küche"}');
    expect(decodeStructured(new TextEncoder().encode(text))).toStrictEqual(decodeStructured(text));
    expect(decodeStructured(Buffer.from(text))).toStrictEqual(JSON.parse(text));
  });

  it('invents neither an id nor a time', () => {
    expect(Object.keys(decodeStructured(minimalText))).toEqual(Object.keys(minimal));
    const { id: _, ...anonymous } = minimal;
    expect(errorOf(() => decodeStructured(JSON.stringify(anonymous))).field).toBe('id');
  });

  it('keeps the digits and the offset of the time', () => {
    const time = '2021-01-18T14:52:01.123456789+05:30';
    const text = JSON.stringify({ ...minimal, time });
    expect(decodeStructured(text).time).toBe(time);
    expect(encodeStructured(decodeStructured(text))).toBe(text);
  });

  it('gives a plain object with own data properties only', () => {
    const event = decodeStructured(minimalText);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    for (const property of Object.values(Object.getOwnPropertyDescriptors(event))) {
      expect(property).toHaveProperty('value');
    }
  });

  it('keeps __proto__ inside data as a member that pollutes nothing', () => {
    const { data } = decodeStructured(withData('{"__proto__":{"admin":true}}'));
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect((data as { admin?: unknown }).admin).toBeUndefined();
  });

  it('refuses 5,000 levels of data by its limit, and 200,000 as well', () => {
    for (const depth of [65, 5000, 200_000]) {
      const data = '['.repeat(depth) + ']'.repeat(depth);
      expect(errorOf(() => decodeStructured(withData(data))).code).toBe('limit-exceeded');
    }
    expect(decodeStructured(withData('['.repeat(64) + ']'.repeat(64)))).toBeDefined();
  });

  it('does not count brackets in texts as levels', () => {
    const data = JSON.stringify(`${'[{'.repeat(100)}"\\`);
    expect(decodeStructured(withData(data)).data).toBe(JSON.parse(data));
  });

  it('refuses a body over the limit of bytes, however it comes', () => {
    const text = withData('"é"');
    const bytes = new TextEncoder().encode(text);
    const maxBytes = bytes.length;
    expect(decodeStructured(text, { maxBytes })).toBeDefined();
    expect(decodeStructured(bytes, { maxBytes })).toBeDefined();
    for (const body of [text, bytes]) {
      const error = errorOf(() => decodeStructured(body, { maxBytes: maxBytes - 1 }));
      expect(error.message).toBe(`"body" exceeds maxBytes, which is ${maxBytes - 1}.`);
    }
  });

  it('says nothing of a body that is no JSON', () => {
    const error = errorOf(() => decodeStructured('{"password":"hunter2"'));
    expect(error).toMatchObject({ code: 'invalid-event', field: 'body' });
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain('hunter2');
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = Uint8Array.from([...Buffer.from('{"a":"'), 0xc0, 0xa0, ...Buffer.from('"}')]);
    expect(errorOf(() => decodeStructured(bytes)).field).toBe('body');
  });

  it('throws nothing but HearthErrors, whatever the bytes', () => {
    const member = fc.tuple(
      fc.constantFrom('id', 'source', 'data', 'time', 'x', '__proto__'),
      fc.jsonValue(),
    );
    const json = fc
      .array(member)
      .map((members) => JSON.stringify({ ...minimal, ...Object.fromEntries(members) }));
    const body = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }), fc.json(), json);
    const isOrderly = (run: () => unknown): boolean => {
      try {
        run();
        return true;
      } catch (error) {
        return isHearthError(error);
      }
    };
    fc.assert(
      fc.property(body, (candidate) => {
        expect(isOrderly(() => decodeStructured(candidate))).toBe(true);
        expect(isOrderly(() => decodeBatch(candidate))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeStructured', () => {
  it.each(['0', '""', 'false', 'null', '[]', '{"b":1,"a":2}', '"\\ud800"'])(
    'writes data %s as it was read',
    (data) => {
      expect(encodeStructured(decodeStructured(withData(data)))).toBe(withData(data));
    },
  );

  it('writes binary data as base64', () => {
    const event = { ...minimal, data_base64: 'AAEC/w==' };
    expect(JSON.parse(encodeStructured(event))).toStrictEqual(event);
  });

  it('writes equal events in equal order', () => {
    const event = {
      ...minimal,
      zebra: 1,
      time: '2018-04-05T17:31:00Z',
      apple: 'a',
      data: { b: 1 },
    };
    const reversed = Object.fromEntries(Object.entries(event).toReversed()) as CloudEvent;
    expect(encodeStructured(reversed)).toBe(encodeStructured(event));
    expect(Object.keys(JSON.parse(encodeStructured(reversed)) as object)).toEqual([
      'specversion',
      'id',
      'source',
      'type',
      'time',
      'apple',
      'zebra',
      'data',
    ]);
  });

  it('refuses data that JSON cannot hold', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    let deep: unknown = 0;
    for (let i = 0; i < 200_000; i += 1) deep = [deep];
    for (const data of [circle, deep, 1n, { n: 1n }]) {
      expect(errorOf(() => encodeStructured({ ...minimal, data })).field).toBe('data');
    }
  });

  it('refuses an event that a reader would refuse', () => {
    expect(errorOf(() => encodeStructured({ ...minimal, subject: '' })).field).toBe('subject');
  });
});

describe('decodeBatch', () => {
  it('keeps the good events, and the error of each bad one in its place', () => {
    const events = decodeBatch(
      JSON.stringify([minimal, 'not an object', { ...minimal, id: '' }, null, minimal]),
    );
    expect(events.map((event) => (isHearthError(event) ? event.field : event))).toEqual([
      minimal,
      'specversion',
      'id',
      'specversion',
      minimal,
    ]);
  });

  it('may be empty', () => {
    expect(decodeBatch('[]')).toEqual([]);
    expect(encodeBatch([])).toBe('[]');
  });

  it('refuses a body that is no array', () => {
    expect(errorOf(() => decodeBatch(minimalText)).field).toBe('body');
    expect(errorOf(() => decodeBatch('')).field).toBe('body');
  });

  it('counts its events before it parses them', () => {
    const error = errorOf(() => decodeBatch(`[${'{},'.repeat(300_000)}{}]`));
    expect(error.message).toBe('"body" exceeds maxBatch, which is 1000.');
    expect(decodeBatch(`[${'{},'.repeat(999)}{}]`)).toHaveLength(1000);
    // Not even JSON: what is behind the limit is never looked at.
    expect(errorOf(() => decodeBatch(`[${'1,'.repeat(1001)}`)).code).toBe('limit-exceeded');
  });

  it('counts only commas between events', () => {
    const text = JSON.stringify([{ ...minimal, data: [[1, 2], ',,', { a: 1, b: 2 }] }, minimal]);
    expect(decodeBatch(text, { maxBatch: 2 })).toHaveLength(2);
    expect(errorOf(() => decodeBatch(text, { maxBatch: 1 })).code).toBe('limit-exceeded');
  });

  it('reads what encodeBatch writes', () => {
    const events = [minimal, { ...minimal, id: '2', data: null }];
    expect(decodeBatch(encodeBatch(events))).toStrictEqual(events);
  });
});
