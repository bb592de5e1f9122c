import { CloudEvent as SdkCloudEvent, HTTP, type CloudEventV1 } from 'cloudevents';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEvent } from './attributes.ts';
import type { CloudEvent } from './cloud-event.ts';
import { decodeHttp, encodeHttpBatch, encodeHttpBinary, encodeHttpStructured } from './http.ts';
import { decodeStructured, encodeStructured } from './json.ts';
import { kindOf } from './media-type.ts';
import { decodeMqtt, encodeMqtt } from './mqtt.ts';
import { fromSdk, toSdk } from './sdk.ts';

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => !/[\p{Cc}\p{Cs}\p{NChar}]/u.test(value));
const digits = (count: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength: count });
const time = fc
  .tuple(
    fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true }),
    fc.option(digits(9)),
    fc.constantFrom('Z', '+05:30', '-00:00', '+14:00', '-11:59'),
  )
  .map(([date, fraction, offset]) => {
    const seconds = date.toISOString().slice(0, 19);
    return seconds + (fraction === null ? '' : `.${fraction}`) + offset;
  });
const source = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.constantFrom('urn:acme:home', '/s', '#fragment', '//host/path', 'a%20b'),
);
// Through text once, because JSON has no -0 to write.
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const base64 = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'));
const content = fc.oneof(
  fc.record({
    datacontenttype: fc.constantFrom(
      'application/json',
      'text/json; charset=UTF-8',
      'application/vnd.a+json',
    ),
    data: json,
  }),
  fc.record({ data: json }),
  fc.record({
    datacontenttype: fc.constantFrom('text/plain', 'application/xml', 'text/csv; header=present'),
    data: fc.string({ unit: 'grapheme' }),
  }),
  fc.record({
    datacontenttype: fc.constantFrom(
      'image/png',
      'application/octet-stream',
      'text/plain; charset=utf-16',
    ),
    data_base64: base64,
  }),
  fc.record({ data_base64: base64 }),
  fc.record({ datacontenttype: fc.constantFrom('application/json', 'text/plain', 'image/png') }),
  fc.record({ datacontenttype: fc.constant('image/png'), data: text }),
  fc.constant({}),
);
const extensions = fc.dictionary(
  fc.stringMatching(/^x[a-z0-9]{1,12}$/),
  fc.oneof(text, fc.constant(''), fc.integer(), fc.boolean()),
  { maxKeys: 5, noNullPrototype: true },
);
const optional = fc.record(
  {
    subject: text,
    time,
    dataschema: fc.webUrl(),
    correlationid: text,
    causationid: text,
    traceparent: text,
    tracestate: text,
    partitionkey: text,
    sequence: text,
    recordseq: text,
    expirytime: time,
    hearthdepth: fc.integer(),
  },
  { requiredKeys: [] },
);
const event: fc.Arbitrary<CloudEvent> = fc
  .tuple(fc.record({ id: text, source, type: text }), optional, extensions, content)
  .map((parts) => Object.assign({ specversion: '1.0' as const }, ...parts) as CloudEvent);

/** What no transport but JSON can carry: the types of unknown extensions, and how data was held. */
function overTheWire({ data, data_base64, ...attributes }: CloudEvent): CloudEvent {
  const entries = Object.entries(attributes).map(([name, value]) =>
    name === 'hearthdepth' ? [name, value] : [name, String(value)],
  );
  const held = Object.fromEntries(entries) as CloudEvent;
  const type = held.datacontenttype;
  if (data !== undefined && kindOf(type) === 'json') {
    return { ...held, datacontenttype: type ?? 'application/json', data };
  }
  const bytes =
    data_base64 === undefined
      ? Buffer.from((data ?? '') as string)
      : Buffer.from(data_base64, 'base64');
  // An empty body without a type, or of a type that has no empty values, is no data.
  if (bytes.length === 0 && kindOf(type) === 'json') return held;
  if (type !== undefined && kindOf(type) === 'text') return { ...held, data: bytes.toString() };
  return { ...held, data_base64: bytes.toString('base64') };
}

const once = (decoded: { readonly events: readonly unknown[] }): unknown => decoded.events[0];

describe('every valid event', () => {
  it('comes back from JSON exactly as it was', () => {
    fc.assert(
      fc.property(event, (original) => {
        expect(checkEvent(original)).toBe(original);
        expect(decodeStructured(encodeStructured(original))).toStrictEqual(original);
        expect(once(decodeHttp(encodeHttpStructured(original)))).toStrictEqual(original);
        expect(decodeHttp(encodeHttpBatch([original, original])).events).toStrictEqual([
          original,
          original,
        ]);
        expect(decodeMqtt(encodeMqtt(original, { version: 4 }))).toStrictEqual(original);
        expect(decodeMqtt(encodeMqtt(original, { mode: 'structured' }))).toStrictEqual(original);
      }),
      { numRuns: 300 },
    );
  });

  it('comes back from the binary modes as it was, but for types that they cannot carry', () => {
    fc.assert(
      fc.property(event, (original) => {
        const expected = overTheWire(original);
        const { headers, body } = encodeHttpBinary(original);
        expect(once(decodeHttp({ headers, body }))).toStrictEqual(expected);
        const bytes = typeof body === 'string' ? Buffer.from(body) : body;
        expect(once(decodeHttp({ headers: new Headers(headers), body: bytes }))).toStrictEqual(
          expected,
        );
        expect(decodeMqtt(encodeMqtt(original))).toStrictEqual(expected);
        expect(overTheWire(expected)).toStrictEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('has the same text whatever way it came', () => {
    fc.assert(
      fc.property(event.map(overTheWire), (original) => {
        const expected = encodeStructured(original);
        const { events } = decodeHttp(encodeHttpBinary(original));
        expect(encodeStructured(events[0] as CloudEvent)).toBe(expected);
        expect(encodeStructured(decodeMqtt(encodeMqtt(original)))).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });
});

// What the SDK does to an event, by name, so that everything else must be equal.
const sdkLosesFalsyData = (data: unknown): unknown => data || undefined;
const sdkCutsToMilliseconds = (moment: string): string => new Date(moment).toISOString();
const sdkWritesEmptyBytesTwice = (original: CloudEvent): boolean => original.data_base64 === '';
const sdkInventsTime = (original: CloudEvent, sdk: CloudEventV1<unknown>): string | undefined =>
  original.time === undefined ? sdk.time : sdkCutsToMilliseconds(original.time);

/** The attributes of an event, without those that the SDK sets to `undefined`. */
function attributesOf(one: object): Record<string, unknown> {
  const isAttribute = ([name, value]: [string, unknown]): boolean =>
    value !== undefined && name !== 'data' && name !== 'data_base64';
  return Object.fromEntries(Object.entries(one).filter(isAttribute));
}

describe('the CloudEvents SDK', () => {
  it('reads the JSON that we write as the same event', () => {
    fc.assert(
      fc.property(event, (original) => {
        const headers = { 'content-type': 'application/cloudevents+json' };
        const body = encodeStructured(original);
        const sdk = HTTP.toEvent({ headers, body }) as CloudEventV1<unknown>;
        expect(attributesOf(sdk)).toStrictEqual({
          ...attributesOf(original),
          time: sdkInventsTime(original, sdk),
        });
        const bytes = original.data_base64 || undefined;
        expect(sdk.data_base64).toBe(bytes);
        expect(bytes ? undefined : sdk.data || undefined).toStrictEqual(
          sdkLosesFalsyData(original.data),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('reads the headers that we write as the same attributes, still percent-encoded', () => {
    fc.assert(
      fc.property(event.map(overTheWire), (original) => {
        const { headers } = encodeHttpBinary(original);
        const sdk = HTTP.toEvent({ headers, body: undefined }) as CloudEventV1<unknown>;
        const read = Object.entries(attributesOf(sdk)).map(([name, value]) => [
          name,
          name === 'datacontenttype' ? value : decodeURIComponent(value as string),
        ]);
        const { hearthdepth, ...others } = attributesOf(original);
        const depth =
          hearthdepth === undefined ? {} : { hearthdepth: String(original.hearthdepth) };
        const expected = { ...others, ...depth, time: sdkInventsTime(original, sdk) };
        expect(Object.fromEntries(read)).toStrictEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('can wrap our events, and gives them back', () => {
    fc.assert(
      fc.property(event, (original) => {
        const sdk = new SdkCloudEvent(toSdk(original));
        expect(fromSdk(sdk)).toStrictEqual({ ...original, time: original.time ?? sdk.time });
      }),
      { numRuns: 300 },
    );
  });

  it('writes JSON that we read as the same event', () => {
    fc.assert(
      fc.property(event, (original) => {
        fc.pre(!sdkWritesEmptyBytesTwice(original));
        const sdk = new SdkCloudEvent(toSdk(original));
        const { headers, body } = HTTP.structured(sdk);
        const read = decodeHttp({
          headers: headers as Record<string, string>,
          body: body as string,
        });
        const expected = { ...fromSdk(sdk), time: sdkCutsToMilliseconds(sdk.time as string) };
        expect(once(read)).toStrictEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
