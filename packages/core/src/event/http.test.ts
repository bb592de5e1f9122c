import type { IncomingHttpHeaders } from 'node:http';
import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { CloudEvent } from './cloud-event.ts';
import { isHearthError } from './error.ts';
import {
  decodeHttp,
  encodeHttpBatch,
  encodeHttpBinary,
  encodeHttpStructured,
  httpMode,
  type HttpHeaders,
  type HttpInput,
} from './http.ts';

const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' } as const;
const required = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };

function faultOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!isHearthError(error)) throw error;
    return `${error.code} ${error.field}`;
  }
}

const binary = (headers: object, body?: string | Uint8Array): CloudEvent =>
  decodeHttp({ headers: { ...required, ...headers }, body }).events[0] as CloudEvent;
const structured = (contentType: string, body: unknown): HttpInput => ({
  headers: { 'content-type': contentType },
  body: JSON.stringify(body),
});

describe('a header value', () => {
  it.each([
    ['simple', 'simple'],
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['space%20encoded', 'space encoded'],
    ['percent%25encoded', 'percent%encoded'],
    ['quote%22encoded', 'quote"encoded'],
    ['caf%C3%A9', 'café'],
    ["!#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"],
  ])('%s stands for %j, in both directions', (header, value) => {
    expect(encodeHttpBinary({ ...minimal, subject: value }).headers['ce-subject']).toBe(header);
    expect(binary({ 'ce-subject': header })).toMatchObject({ subject: value });
  });

  it.each([
    ['100%25', '100%'],
    ['%2525', '%25'],
    ['lenient decoding %30%31', 'lenient decoding 01'],
    ['"  quoted  text  "unquoted', '  quoted  text  unquoted'],
    [String.raw`"escaped quote\"end"`, 'escaped quote"end'],
    [String.raw`"escaped backslash\\end"`, String.raw`escaped backslash\end`],
    [String.raw`non-escaping backslash\end`, String.raw`non-escaping backslash\end`],
    ['Euro%20%e2%82%ac%20%f0%9F%98%80', 'Euro € 😀'],
    ['"%41"', 'A'],
    ['raw é', 'raw é'],
  ])('%s is read as %j', (header, value) => {
    expect(binary({ 'ce-subject': header })).toMatchObject({ subject: value });
  });

  it.each([
    'unterminated percent %',
    'unterminated percent %0',
    'non hex percent %g0',
    'non hex percent %0g',
    'non hex percent %0$',
    'low surrogate %ED%B0%80',
    'high surrogate %ED%A0%80',
    'surrogate pair via two UTF-16 %ED%A0%80%ED%B0%80',
    'overlong UTF-8 %C0%A0',
    'incomplete end UTF-8 %E2',
    'incomplete end UTF-8 %E2%',
    'incomplete non-percent UTF-8 %E2x',
    'invalid UTF-8 first byte %82',
    'invalid UTF-8 second byte %E2%E2',
    '"unterminated quote',
    String.raw`"unterminated escape \ `.trim(),
    String.raw`"escaped end\"`,
    'a "b" "41',
    'line%0D%0Abreak',
    'nul%00',
  ])('%s is refused', (header) => {
    expect(faultOf(() => binary({ 'ce-subject': header }))).toMatch(/^invalid-event subject$/);
  });

  it('never has signs that could end a header, whatever the attribute', () => {
    const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(value, (subject) => {
        const fault = faultOf(() => {
          const { headers } = encodeHttpBinary({ ...minimal, subject, ext: subject });
          expect(Object.values(headers).join('')).toMatch(/^[!-~]*$/);
          expect(binary(headers)).toMatchObject({ subject, ext: subject });
        });
        expect([undefined, 'invalid-event subject']).toContain(fault);
      }),
      { numRuns: 1000 },
    );
  });

  it('with a line break in an attribute is never written', () => {
    const fault = (event: object): string | undefined =>
      faultOf(() => encodeHttpBinary({ ...minimal, ...event }));
    expect(fault({ subject: 'a\r\nX-Admin: 1' })).toBe('invalid-event subject');
    expect(fault({ datacontenttype: 'text/plain; a="\r\n"' })).toBe(
      'invalid-event datacontenttype',
    );
    expect(fault({ 'a\r\nx-admin': 'b' })).toBe('invalid-event a??x-admin');
  });
});

describe('headers', () => {
  const event = { ...minimal, datacontenttype: 'application/json', traceparent: '00-a', data: 1 };

  it('are read in any case', () => {
    const headers = { 'Ce-SpecVersion': '1.0', 'CE-ID': '1', 'cE-source': '/s', 'ce-Type': 't' };
    const more = { 'Ce-Traceparent': '00-a', 'CONTENT-TYPE': 'application/json' };
    const decoded = decodeHttp({ headers: { ...headers, ...more }, body: '1' });
    expect(decoded.events).toStrictEqual([event]);
  });

  it('may be those of node, of fetch, or pairs', () => {
    expectTypeOf<IncomingHttpHeaders>().toExtend<HttpHeaders>();
    const headers = { ...required, 'ce-traceparent': '00-a', 'content-type': 'application/json' };
    for (const shape of [headers, new Headers(headers), new Map(Object.entries(headers))]) {
      expect(decodeHttp({ headers: shape, body: '1' }).events).toStrictEqual([event]);
    }
  });

  it('that are no attributes are ignored', () => {
    expect(binary({ host: 'a', cookie: ['a', 'b'], 'x-ce-a': '1', via: undefined })).toEqual(
      minimal,
    );
  });

  it('that carry one attribute twice are refused', () => {
    expect(faultOf(() => binary({ 'ce-subject': ['a'] }))).toBe('invalid-event subject');
    expect(faultOf(() => binary({ 'ce-subject': ['a', 'b'] }))).toBe('invalid-event subject');
    expect(faultOf(() => binary({ 'Ce-Id': '2' }))).toBe('invalid-event id');
    expect(faultOf(() => binary({ 'content-type': ['a/b', 'c/d'] }))).toBe(
      'invalid-event content-type',
    );
  });

  it('cannot bring data, a second media type, or names that attributes cannot have', () => {
    expect(faultOf(() => binary({ 'ce-data': 'x' }))).toBe('invalid-event data');
    expect(faultOf(() => binary({ 'ce-data_base64': 'QQ==' }))).toBe('invalid-event data');
    expect(faultOf(() => binary({ 'ce-__proto__': 'x' }))).toBe('invalid-event __proto__');
    expect(faultOf(() => binary({ 'ce-constructor': 'x' }))).toBe('invalid-event constructor');
    expect(faultOf(() => binary({ 'ce-a.b': 'x' }))).toBe('invalid-event a?b');
    const types = { 'ce-datacontenttype': 'text/plain', 'content-type': 'text/html' };
    expect(faultOf(() => binary(types, 'x'))).toBe('invalid-event datacontenttype');
  });
});

describe('the content type', () => {
  it.each([
    'application/cloudevents+json',
    'application/cloudevents+json;charset=utf-8',
    'application/cloudevents+json; charset=UTF-8',
    'Application/CloudEvents+JSON;charset="UTF-8"',
    ' application/cloudevents+json ; charset=us-ascii',
  ])('%s is structured', (type) => {
    expect(decodeHttp(structured(type, minimal))).toEqual({
      mode: 'structured',
      events: [minimal],
    });
  });

  it('for a batch is told apart', () => {
    const input = structured('Application/CloudEvents-Batch+JSON; charset=UTF-8', [minimal, {}]);
    const { mode, events } = decodeHttp(input);
    expect(mode).toBe('batch');
    expect(events[0]).toStrictEqual(minimal);
    expect(isHearthError(events[1])).toBe(true);
  });

  it.each([
    'application/cloudeventsX+json',
    'application/cloudevents',
    'application/cloudevents+xml',
    'application/cloudevents+json+x',
    'application/cloudevents-batch',
    'application/cloudevents+json; charset=utf-16',
    'application/json',
    '',
  ])('%j holds no event that can be read', (type) => {
    expect(faultOf(() => decodeHttp(structured(type, minimal)))).toMatch(
      /^unsupported-media-type /,
    );
  });

  it('for a batch refuses an object', () => {
    const input = structured('application/cloudevents-batch+json', minimal);
    expect(faultOf(() => decodeHttp(input))).toBe('invalid-event body');
  });

  it('makes headers of attributes meaningless in structured mode', () => {
    const headers = {
      ...required,
      'ce-id': 'x',
      'content-type': 'application/cloudevents+json',
    };
    expect(decodeHttp({ headers, body: JSON.stringify(minimal) }).events).toEqual([minimal]);
  });

  it('tells the mode without reading the event', () => {
    expect(httpMode(required)).toBe('binary');
    expect(httpMode({ 'Content-Type': 'application/cloudevents+json' })).toBe('structured');
    expect(httpMode({ 'Content-Type': 'application/cloudevents-batch+json' })).toBe('batch');
    expect(httpMode({ 'Content-Type': 'application/json' })).toBeUndefined();
  });
});

describe('a body in binary mode', () => {
  const json = 'application/json';

  it.each([
    [json, '1.5', { data: 1.5 }],
    [json, ' {"a":1}', { data: { a: 1 } }],
    [json, 'null', { data: null }],
    [json, '""', { data: '' }],
    ['application/json;charset=utf-8', 'true', { data: true }],
    ['application/vnd.acme+json', '[]', { data: [] }],
    ['TEXT/JSON ; a=b', '0', { data: 0 }],
    ['text/plain', 'hi', { data: 'hi' }],
    ['text/plain', '\ufeffhi', { data: '\ufeffhi' }],
    ['text/plain', '', { data: '' }],
    ['application/xml', '<a/>', { data: '<a/>' }],
    ['image/svg+xml; charset=utf-8', '<svg/>', { data: '<svg/>' }],
    ['application/octet-stream', 'hi', { data_base64: 'aGk=' }],
    ['application/jsonx', '{}', { data_base64: 'e30=' }],
    [json, '', {}],
  ])('of %s: %j is %j', (datacontenttype, body, data) => {
    const expected = { ...minimal, datacontenttype, ...data };
    const headers = { 'content-type': datacontenttype };
    expect(binary(headers, body)).toStrictEqual(expected);
    expect(binary(headers, Buffer.from(body))).toStrictEqual(expected);
  });

  it('without a content type is bytes, and nothing is assumed about them', () => {
    expect(binary({}, '{}')).toStrictEqual({ ...minimal, data_base64: 'e30=' });
    expect(binary({}, '')).toStrictEqual(minimal);
    const { headers, body } = encodeHttpBinary({ ...minimal, data_base64: 'e30=' });
    expect(headers).toStrictEqual(required);
    expect(Buffer.from(body).toString()).toBe('{}');
  });

  it('in another charset is bytes', () => {
    const latin1 = Buffer.from('é', 'latin1');
    const headers = { 'content-type': 'text/plain; charset=iso-8859-1' };
    expect(binary(headers, latin1)).toMatchObject({ data_base64: '6Q==' });
    expect(faultOf(() => binary({ 'content-type': 'text/plain' }, latin1))).toBe(
      'invalid-event body',
    );
  });

  it('of JSON is labelled as JSON when it is written', () => {
    const { headers, body } = encodeHttpBinary({ ...minimal, data: 'hi' });
    expect(headers['content-type']).toBe('application/json');
    expect(body).toBe('"hi"');
  });

  it('is nothing, and not labelled, without data', () => {
    expect(encodeHttpBinary(minimal)).toStrictEqual({ headers: required, body: '' });
  });

  it('is never labelled as a CloudEvent, because a reader would take it for the event', () => {
    const datacontenttype = 'application/cloudevents+json';
    const fault = faultOf(() => encodeHttpBinary({ ...minimal, datacontenttype, data: minimal }));
    expect(fault).toMatch(/^unsupported-media-type /);
  });

  it('keeps to the limits', () => {
    const headers = { ...required, 'content-type': json };
    const deep = '['.repeat(65) + ']'.repeat(65);
    expect(faultOf(() => decodeHttp({ headers, body: deep }))).toBe('limit-exceeded data');
    expect(faultOf(() => decodeHttp({ headers, body: '123' }, { maxBytes: 2 }))).toBe(
      'limit-exceeded body',
    );
    const many = Object.fromEntries(Array.from({ length: 61 }, (_, i) => [`ce-x${i}`, '']));
    expect(faultOf(() => binary(many))).toBe('limit-exceeded event');
    expect(faultOf(() => binary({ 'ce-a': 'a'.repeat(8193) }))).toBe('limit-exceeded a');
  });
});

describe('what is written', () => {
  it('turns typed attributes into their canonical text', () => {
    const { headers } = encodeHttpBinary({ ...minimal, yes: true, five: 5, hearthdepth: 2 });
    expect(headers).toMatchObject({ 'ce-yes': 'true', 'ce-five': '5', 'ce-hearthdepth': '2' });
    expect(binary(headers)).toStrictEqual({ ...minimal, yes: 'true', five: '5', hearthdepth: 2 });
  });

  it('is read back in structured mode and as a batch', () => {
    const event = { ...minimal, yes: true, data: null };
    expect(decodeHttp(encodeHttpStructured(event)).events).toStrictEqual([event]);
    expect(decodeHttp(encodeHttpBatch([event, minimal])).events).toStrictEqual([event, minimal]);
  });
});
