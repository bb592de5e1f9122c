import { describe, expect, it } from 'vitest';
import { checkEvent } from './attributes.ts';
import { isHearthError } from './error.ts';

const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' };

/** The code and the field of the error, or `undefined` if the event is valid. */
function faultOf(candidate: unknown): string | undefined {
  try {
    checkEvent(candidate);
    return undefined;
  } catch (error) {
    if (!isHearthError(error)) throw error;
    return `${error.code} ${error.field}`;
  }
}

const parsed = (members: string): unknown =>
  JSON.parse(`${JSON.stringify(minimal).slice(0, -1)},${members}}`);

describe('a valid event', () => {
  it.each([
    ['nothing optional', {}],
    ['a fragment as source', { source: '#fragment' }],
    ['a URN as source', { source: 'urn:acme:home' }],
    ['a source without scheme', { source: '//pubsub.googleapis.com/projects/p/topics/t' }],
    ['an escaped source', { source: 'https://a.example/%C3%A9?q=[1]#x' }],
    [
      'all core attributes',
      {
        datacontenttype: 'text/plain',
        dataschema: 'https://a.example/s',
        subject: 's',
        time: '2018-04-05T17:31:00Z',
      },
    ],
    ['media type parameters', { datacontenttype: 'application/vnd.a+json; charset="utf-8";v=1' }],
    ['an integer at each end', { ext: 2147483647, low: -2147483648 }],
    ['booleans and texts', { yes: true, no: false, word: 'w', empty: '' }],
    ['a name of 30 signs', { abcdefghijklmnopqrstuvwxyz0123: 1 }],
    ['signs beyond ASCII', { id: '😀', subject: 'Zoë', ext: '\u00a0' }],
    [
      'the extensions of the specification',
      {
        correlationid: 'c',
        causationid: 'd',
        traceparent: '00-a',
        tracestate: 'a=b',
        partitionkey: 'p',
        sequence: '01',
        expirytime: '2030-01-01T00:00:00Z',
        dataref: 'https://a.example',
      },
    ],
    ['text as data', { datacontenttype: 'text/plain', data: 'Simple text' }],
    ['empty binary data', { data_base64: '' }],
  ])('may have %s', (_, members) => {
    const event = { ...minimal, ...members };
    expect(checkEvent(event)).toBe(event);
  });

  it.each([0, '', false, null, [], {}])('keeps %j as its data', (data) => {
    expect(checkEvent({ ...minimal, data })).toStrictEqual({ ...minimal, data });
  });

  it('loses attributes that are null or undefined, and nothing else', () => {
    const event = { ...minimal, subject: null, time: undefined, ext: null, data_base64: null };
    expect(checkEvent({ ...event, data: null })).toStrictEqual({ ...minimal, data: null });
    expect(checkEvent({ ...event, data: undefined })).toStrictEqual(minimal);
  });

  it('is not changed when something is left out of it', () => {
    const event = Object.freeze({ ...minimal, subject: null });
    expect(checkEvent(event)).toStrictEqual(minimal);
    expect(event).toStrictEqual({ ...minimal, subject: null });
  });

  it('has a known integer as a number, even if a header carried it', () => {
    expect(checkEvent({ ...minimal, hearthdepth: '3' })).toStrictEqual({
      ...minimal,
      hearthdepth: 3,
    });
    expect(checkEvent({ ...minimal, ext: '3' })).toStrictEqual({ ...minimal, ext: '3' });
  });
});

describe('an event is refused', () => {
  it.each(['specversion', 'id', 'source', 'type'])('without %s', (name) => {
    expect(faultOf({ ...minimal, [name]: undefined })).toBe(`invalid-event ${name}`);
    expect(faultOf({ ...minimal, [name]: null })).toBe(`invalid-event ${name}`);
    expect(faultOf({ ...minimal, [name]: '' })).toBe(`invalid-event ${name}`);
    expect(faultOf({ ...minimal, [name]: 25 })).toBe(`invalid-event ${name}`);
    expect(faultOf({ ...minimal, [name]: { xyz: 'abc' } })).toBe(`invalid-event ${name}`);
  });

  it.each([
    ['specversion', '0.3'],
    ['specversion', '1.0 '],
    ['source', 'a b'],
    ['source', 'caf\u00e9'],
    ['source', '/100%'],
    ['source', 'a#b#c'],
    ['source', '<x>'],
    ['subject', ''],
    ['time', ''],
    ['time', 'lunchtime'],
    ['time', '2021-02-29T00:00:00Z'],
    ['time', '2021-01-18T14:52:01+14:01'],
    ['time', '2016-12-31T23:59:60Z'],
    ['expirytime', 'tomorrow'],
    ['datacontenttype', ''],
    ['datacontenttype', 'xyz'],
    ['datacontenttype', 'text/plain; charset'],
    ['datacontenttype', 'text/plain; a="\u00e9"'],
    ['dataschema', ''],
    ['dataschema', '/relative'],
    ['partitionkey', ''],
    ['sequence', 5],
    ['traceparent', true],
    ['hearthdepth', 'many'],
    ['hearthdepth', '1e3'],
    ['hearthdepth', '2147483648'],
    ['hearthdepth', true],
    ['hearthdepth', 1.5],
    ['ext', 2147483648],
    ['ext', -2147483649],
    ['ext', 1.5],
    ['ext', -0],
    ['ext', Number.NaN],
    ['ext', Number.POSITIVE_INFINITY],
    ['ext', {}],
    ['ext', []],
    ['ext', new Date(0)],
    ['ext', () => 1],
    ['ext', 'a\nb'],
    ['subject', 'a\r\nX-Admin: 1'],
    ['subject', 'dev\u0000'],
    ['subject', '\u007f'],
    ['subject', '\u0085'],
    ['subject', '\ud800'],
    ['subject', 'a\udc00'],
    ['subject', '\uffff'],
    ['subject', '\ufdd0'],
    ['subject', '\u{1fffe}'],
    ['data_base64', 'A'],
    ['data_base64', '!!!!'],
    ['data_base64', 'ab-_'],
    ['data_base64', 1],
  ])('with %s of %j', (name, value) => {
    expect(faultOf({ ...minimal, [name]: value })).toBe(`invalid-event ${name}`);
  });

  it.each([
    ['an object that is no primitive', '"a":{"toString":[],"valueOf":1}', 'a'],
    ['a list of one', '"hearthdepth":[{"toString":1}]', 'hearthdepth'],
  ])('with %s for an attribute, which no conversion could survive', (_, members, field) => {
    expect(faultOf(parsed(members))).toBe(`invalid-event ${field}`);
  });

  it.each([
    ['MyExtension', '"MyExtension":"bad"', 'MyExtension'],
    ['my.extension', '"my.extension":1.5', 'my?extension'],
    ['__proto__', '"__proto__":{"admin":true}', '__proto__'],
    ['__proto__ of null', '"__proto__":null', '__proto__'],
    ['toString', '"toString":"x"', 'toString'],
    ['toJSON', '"toJSON":0', 'toJSON'],
    ['constructor', '"constructor":"x"', 'constructor'],
    ['prototype', '"prototype":"x"', 'prototype'],
    ['no letters', '"":"x"', ''],
    ['a line break', '"a\\nb":"x"', 'a?b'],
  ])('with an attribute that is named %s', (_, members, field) => {
    expect(faultOf(parsed(members))).toBe(`invalid-event ${field}`);
  });

  it('with both data and data_base64', () => {
    const both = { ...minimal, data_base64: 'eyAieHl6IjogMTIzIH0=' };
    expect(faultOf({ ...both, data: 'text' })).toBe('invalid-event data');
    expect(faultOf({ ...both, data: null })).toBe('invalid-event data');
  });

  it.each([null, 0, true, {}, [], '\ud800'])(
    'with %j as data of a type that is not JSON',
    (data) => {
      expect(faultOf({ ...minimal, datacontenttype: 'text/plain', data })).toBe(
        'invalid-event data',
      );
    },
  );

  it.each([null, undefined, 1, true, 'text', '', [], [minimal]])('if it is %j', (candidate) => {
    expect(faultOf(candidate)).toMatch(/^invalid-event /);
  });

  it('with more attributes than allowed', () => {
    const extensions = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`ext${i}`, i]));
    expect(faultOf({ ...minimal, ...extensions(60) })).toBeUndefined();
    expect(faultOf({ ...minimal, ...extensions(61) })).toBe('limit-exceeded event');
  });

  it('with an attribute of more bytes than allowed', () => {
    expect(faultOf({ ...minimal, ext: 'a'.repeat(8192) })).toBeUndefined();
    expect(faultOf({ ...minimal, ext: 'a'.repeat(8193) })).toBe('limit-exceeded ext');
    expect(faultOf({ ...minimal, ext: 'é'.repeat(4096) })).toBeUndefined();
    expect(faultOf({ ...minimal, ext: 'é'.repeat(4097) })).toBe('limit-exceeded ext');
  });
});

describe('the error of an event', () => {
  it('says nothing of the values', () => {
    const secret = 'hunter2';
    const bad = [
      { ...minimal, time: secret },
      { ...minimal, source: `${secret} ${secret}` },
      { ...minimal, ext: `${secret}\n` },
      { ...minimal, ext: { secret } },
      { ...minimal, datacontenttype: secret },
      { ...minimal, datacontenttype: 'text/plain', data: { secret } },
      { ...minimal, data_base64: secret },
    ];
    for (const event of bad) {
      expect(() => checkEvent(event)).toThrow(/^((?!hunter2).)*$/s);
    }
  });

  it('names the field and the fix', () => {
    expect(() => checkEvent({ ...minimal, time: 'now' })).toThrow(
      '"time" must be an RFC 3339 timestamp with an offset.',
    );
  });

  it('stays short and clean when the name is long and dirty', () => {
    const name = `\u001b[31m${'x'.repeat(10_000)}`;
    expect(faultOf({ ...minimal, [name]: 1 })).toBe(
      `invalid-event ${`??31m${'x'.repeat(100)}`.slice(0, 64)}`,
    );
  });
});
