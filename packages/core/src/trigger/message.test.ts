import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HearthError, isHearthError } from '../event/error.ts';
import { messageInput, type Message } from './message.ts';

const principal = { kind: 'device', id: 't1' } as const;
const event = { specversion: '1.0', id: '1', source: '/s', type: 't', data: { a: [1] } };
const text = JSON.stringify(event);
const structured = 'application/cloudevents+json';
const plain = { type: 'plain', source: '/queue' };
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

const read = (message: Omit<Message, 'principal'>) => messageInput({ principal, ...message });
const bytes = (of: string) => new TextEncoder().encode(of);
const codeOf = ({ event: found }: { readonly event: object }) =>
  isHearthError(found) ? [found.code, found.field] : found;

describe('a message', () => {
  it.each([text, bytes(text)])('holds a structured event, by its content type', (body) => {
    expect(read({ body, contentType: structured })).toEqual({ event, principal });
  });

  it.each([
    ['ce-', undefined],
    ['ce_', 'ce_'],
    ['', ''],
    ['cloudEvents_', ['cloudEvents:', 'cloudEvents_']],
  ] as const)('holds a binary event, by attributes that begin with "%s"', (begin, prefix) => {
    const names = ['specversion', 'id', 'source', 'type', 'time'];
    const values: readonly unknown[] = ['1.0', '1', '/s', 't', new Date(0)];
    const attributes = names.map((name, at) => [`${begin}${name}`, values[at]] as const);
    const more = [...attributes, ['Tenant-Id', 'x'], ['x-other', ['a', 'b']]] as const;
    const contentType = 'application/json';
    const input = read({ body: '{"a":[1]}', contentType, attributes: more, prefix });
    const time = '1970-01-01T00:00:00.000Z';
    expect(input.event).toEqual({ ...event, datacontenttype: contentType, time });
  });

  it('is read by its content type before its attributes, and by these before its text', () => {
    const attributes = { 'ce-specversion': '1.0', 'ce-id': '2', 'ce-source': '/s', 'ce-type': 't' };
    expect(read({ body: text, contentType: structured, attributes })).toMatchObject({
      event: { id: '1' },
    });
    expect(read({ body: text, attributes, sniff: true })).toMatchObject({ event: { id: '2' } });
  });

  it.each(['ce-source', 'ce-id'])('with the attribute %s twice is no event', (name) => {
    const once = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
    for (const attributes of [
      { ...once, [name]: ['a', 'b'] },
      [...Object.entries(once), [name, 'b'] as const],
    ]) {
      expect(codeOf(read({ attributes }))).toEqual(['invalid-event', name.slice(3)]);
    }
  });

  it('without a content type is taken for an event only where that is allowed', () => {
    expect(read({ body: `\n ${text}`, sniff: true }).event).toEqual(event);
    expect(codeOf(read({ body: text }))).toEqual(['unsupported-media-type', 'body']);
    expect(
      read({ body: text, sniff: true, contentType: 'application/json', otherwise: plain, id: '9' }),
    ).toMatchObject({ event: { id: '9', type: 'plain', data: event } });
  });

  it('of JSON is taken for an event as well if that is asked for, and nothing else is', () => {
    for (const contentType of ['application/json', ' Application/JSON ;charset=utf-8']) {
      expect(read({ body: text, sniff: 'json', contentType }).event).toEqual(event);
    }
    for (const contentType of ['application/jsonx', 'application/senml+json', 'text/plain']) {
      expect(codeOf(read({ body: text, sniff: 'json', contentType }))).toEqual([
        'unsupported-media-type',
        'body',
      ]);
    }
  });

  it('that only mentions "specversion" further inside is a plain payload', () => {
    const body = JSON.stringify({ inner: { specversion: '1.0' } });
    expect(read({ body, sniff: true, otherwise: plain, id: '9' })).toMatchObject({
      event: { type: 'plain', data: { inner: { specversion: '1.0' } } },
    });
  });

  it('that the host has parsed is an event if it is an object with "specversion"', () => {
    expect(read({ json: event }).event).toEqual(event);
    expect(read({ json: { a: 1 }, otherwise: plain, id: '9' })).toMatchObject({
      event: { type: 'plain', data: { a: 1 } },
    });
  });

  it('has what its transport says beside the event', () => {
    const beside = { order: 'k', attempt: 2, lastAttempt: true, now: 5, traceparent };
    expect(read({ body: text, contentType: structured, id: 'm', ...beside })).toEqual({
      event,
      principal,
      ...beside,
    });
  });

  it.each(['x', `${traceparent}-more`, 5, ['a']])('has no trace that is none: %j', (one) => {
    const input = read({ body: text, contentType: structured, traceparent: one });
    expect(input).not.toHaveProperty('traceparent');
  });
});

describe('what cannot be read', () => {
  const unreadable: readonly (readonly [string, Omit<Message, 'principal'>, readonly unknown[]])[] =
    [
      ['no JSON', { body: '{"a', contentType: structured }, ['invalid-event', 'body']],
      ['nothing', { contentType: structured }, ['invalid-event', 'body']],
      ['no event', { body: '{}', contentType: structured }, ['invalid-event', 'specversion']],
      [
        'another format',
        { body: '', contentType: 'application/cloudevents+avro' },
        ['unsupported-media-type', 'content-type'],
      ],
      [
        'a batch',
        { body: `[${text}]`, contentType: 'application/cloudevents-batch+json' },
        ['unsupported-media-type', 'content-type'],
      ],
      [
        'a body of a wrong type',
        { body: 5 as unknown as string, contentType: structured },
        ['invalid-event', 'body'],
      ],
      [
        'a body of no UTF-8',
        { body: Uint8Array.of(0x7b, 255), contentType: structured },
        ['invalid-event', 'body'],
      ],
      ['no id', { body: '1', otherwise: plain }, ['invalid-event', 'id']],
      [
        'no JSON where it should be',
        { body: 'on', otherwise: plain, id: 'm' },
        ['invalid-event', 'body'],
      ],
      [
        'an instant that is none',
        { body: '1', otherwise: { ...plain, time: Number.NaN }, id: 'm' },
        ['invalid-event', 'time'],
      ],
    ];

  it.each(unreadable)('is rejected: %s', (_, message, code) => {
    expect(codeOf(read(message))).toEqual(code);
  });

  it('is refused for its size before anything is parsed', () => {
    const limits = { maxBytes: 8 };
    for (const body of ['{'.repeat(9), new Uint8Array(9)]) {
      for (const how of [{ contentType: structured }, { sniff: true }, { otherwise: plain }]) {
        expect(codeOf(read({ body, limits, ...how }))).toEqual(['limit-exceeded', 'body']);
      }
    }
  });

  it('is kept for its dead letter, with the id of its transport', () => {
    expect(read({ body: '{"ü', contentType: structured, id: () => 'm' })).toMatchObject({
      raw: '{"ü',
      id: 'm',
    });
    expect(read({ body: bytes('{"ü'), contentType: structured })).toMatchObject({ raw: '{"ü' });
    expect(read({ body: Uint8Array.of(255, 0), contentType: structured })).toMatchObject({
      raw: '/wA=',
    });
    expect(read({ json: { a: 1 } })).toMatchObject({ raw: '{"a":1}' });
  });

  it('is kept up to 64 KiB, without half a character at the end', () => {
    const long = `x${'ü'.repeat(65_536)}`;
    const { raw } = read({ body: bytes(long), contentType: structured });
    expect(raw).toBe(`x${'ü'.repeat(32_767)}`);
    expect(read({ body: `x${'😀'.repeat(65_536)}` }).raw).toBe(`x${'😀'.repeat(32_767)}`);
    expect(read({ body: new Uint8Array(70_000).fill(255) }).raw).toMatch(/^\/{87380}/);
  });

  it('is nobody’s if the sender could not be proved', () => {
    const error = new HearthError('not-permitted', 'Two device ids came.', { field: 'principal' });
    expect(
      messageInput({ body: text, contentType: structured, principal: error, id: 'm' }),
    ).toEqual({
      event: error,
      principal: { kind: 'anonymous', id: '' },
      id: 'm',
      raw: text,
    });
  });
});

describe('a plain payload', () => {
  const about = { ...plain, subject: 't1' };
  const of = (message: Omit<Message, 'principal'>) =>
    read({ otherwise: about, id: 'transport', ...message }).event;

  it('becomes an event of what the transport knows, with its JSON as data', () => {
    expect(of({ body: '{"celsius":21}', otherwise: { ...about, time: 0 } })).toEqual({
      specversion: '1.0',
      id: 'transport',
      source: '/queue',
      type: 'plain',
      subject: 't1',
      time: '1970-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: { celsius: 21 },
    });
  });

  it.each([
    ['text/plain', 'on', { data: 'on' }],
    ['application/octet-stream', Uint8Array.of(1, 2), { data_base64: 'AQI=' }],
    ['application/octet-stream', 'on', { data_base64: 'b24=' }],
  ])('of %s is what it says', (contentType, body, data) => {
    expect(of({ body, contentType })).toMatchObject({ ...data, datacontenttype: contentType });
    expect(of({ body, otherwise: { ...about, contentType } })).toMatchObject(data);
  });

  it.each([
    ['the sender’s own', { ownId: 'own', otherwise: { ...about, id: 'known', idFrom: 'n' } }],
    ['known', { otherwise: { ...about, id: 'known', idFrom: 'n' } }],
    ['7', { otherwise: { ...about, idFrom: 'n' } }],
    ['transport', { otherwise: { ...about, idFrom: 'other' } }],
    ['transport', { otherwise: { ...about, idFrom: 'toString' } }],
  ])('is identified by the first of its ids: %s', (id, message) => {
    const expected = id === 'the sender’s own' ? 'own' : id;
    expect(of({ body: '{"n":7}', ...message })).toMatchObject({ id: expected });
  });

  it('is what a function makes of it, and its content type is not that of the data', () => {
    const data = (payload: unknown) => ({ celsius: Number(payload) / 100 });
    const made = of({ body: '2150', otherwise: { ...about, data } });
    expect(made).toMatchObject({ id: 'transport', data: { celsius: 21.5 } });
    expect(made).not.toHaveProperty('datacontenttype');
  });

  it('of which a function can make nothing is invalid data', () => {
    const data = () => {
      throw new TypeError('of the user');
    };
    expect(codeOf(read({ body: '1', id: 'm', otherwise: { ...about, data } }))).toEqual([
      'invalid-data',
      'data',
    ]);
  });
});

it('is read or rejected, whatever it is', () => {
  const anything = fc.anything({ maxDepth: 1, maxKeys: 3 });
  const names = fc.constantFrom(
    'ce-specversion',
    'ce-id',
    'ce-source',
    'ce-type',
    'ce-data',
    '__proto__',
  );
  const attributes = fc.oneof(
    fc.dictionary(fc.oneof(names, fc.string()), anything),
    fc.array(fc.tuple(names, anything)),
  );
  const contentType = fc.oneof(
    fc.constantFrom('application/json', 'text/plain', structured, 'application/cloudevents'),
    fc.string(),
  );
  const message = fc.record(
    {
      body: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        fc.json({ maxDepth: 1 }),
        anything,
      ),
      json: anything,
      contentType,
      attributes,
      prefix: fc.constantFrom('', 'ce-'),
      sniff: fc.boolean(),
      otherwise: fc.record({
        type: fc.string(),
        source: fc.string(),
        time: fc.oneof(fc.double(), fc.string()),
      }),
      id: fc.string(),
      ownId: fc.string(),
      traceparent: anything,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(message, (one) => {
      const { event: found, raw } = read(one as Omit<Message, 'principal'>);
      return isHearthError(found) ? typeof raw === 'string' : found.specversion === '1.0';
    }),
    { numRuns: 200 },
  );
});
