import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { isHearthError } from './error.ts';
import { topicPattern } from './topic.ts';

const pattern = topicPattern('device/{device}/temperature');
const id = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('+', '#', '/', '$', '=', '%', '.', '\0', 'é', '2', 'F'),
    minLength: 1,
  }),
);

function faultOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!isHearthError(error)) throw error;
    return `${error.code} ${error.field}`;
  }
}

describe('a topic pattern', () => {
  it('is a filter, and builds and matches topics', () => {
    expect(pattern.filter).toBe('device/+/temperature');
    expect(pattern.build({ device: 't1' })).toBe('device/t1/temperature');
    expect(pattern.match('device/t1/temperature')).toStrictEqual({ device: 't1' });
  });

  it('may have several parameters, or none, and levels that are reserved', () => {
    const shadow = topicPattern('$aws/things/{thing}/shadow/name/{shadow}/update');
    const params = { thing: 'a:b', shadow: 'twin' };
    expect(shadow.build(params)).toBe('$aws/things/a:b/shadow/name/twin/update');
    expect(shadow.match(shadow.build(params))).toStrictEqual(params);
    expect(topicPattern('hub/status').match('hub/status')).toStrictEqual({});
  });

  it('knows the names of its parameters', () => {
    const two = topicPattern('{home}/device/{device}');
    expectTypeOf(two.build)
      .parameter(0)
      .toEqualTypeOf<Readonly<Record<'home' | 'device', string>>>();
    expectTypeOf(two.match('')).toEqualTypeOf<
      Readonly<Record<'home' | 'device', string>> | undefined
    >();
  });

  it.each([
    '',
    '/',
    'a//b',
    '/a',
    'a/',
    'a/+',
    'a/#',
    '#',
    'a+b',
    '{a',
    'a}',
    '{}',
    '{a b}',
    '{1}',
    'x{a}',
    '{a}x',
    '{a}/{a}',
    '{__proto__}',
    'a\0b',
    'a\nb',
    '\ud800',
  ])('cannot be %j', (bad) => {
    expect(faultOf(() => topicPattern(bad))).toMatch(/^invalid-topic /);
  });
});

describe('a topic that is built', () => {
  it.each([
    ['t1', 't1'],
    ['A-b_c.d:e', 'A-b_c.d:e'],
    ['+', '=2B'],
    ['#', '=23'],
    ['a/b', 'a=2Fb'],
    ['$aws', '=24aws'],
    ['.', '=2E'],
    ['..', '=2E=2E'],
    ['...', '...'],
    ['../x', '..=2Fx'],
    ['dev\u0000', 'dev=00'],
    ['%2F', '=252F'],
    ['=2F', '=3D2F'],
    ["O'Reilly;", 'O=27Reilly=3B'],
    ['Küche', 'K=C3=BCche'],
    ['😀', '=F0=9F=98=80'],
  ])('has %j as the level %s', (device, level) => {
    expect(pattern.build({ device })).toBe(`device/${level}/temperature`);
    expect(pattern.match(`device/${level}/temperature`)).toStrictEqual({ device });
  });

  it('takes an IoT Hub id of 128 signs with all that are legal', () => {
    const device = "-.%_*?!(),:=@$'".repeat(9).slice(0, 128);
    const topic = pattern.build({ device });
    expect(topic).toMatch(/^device\/[\w.:=-]+\/temperature$/);
    expect(pattern.match(topic)).toStrictEqual({ device });
  });

  it('is one topic of the family, and comes back as it was, for every id', () => {
    fc.assert(
      fc.property(id, (device) => {
        const topic = pattern.build({ device });
        expect(topic).toMatch(/^device\/(?!\.{1,2}\/)[\w.:=-]+\/temperature$/);
        expect(pattern.match(topic)).toStrictEqual({ device });
      }),
      { numRuns: 1000 },
    );
  });

  it('is another one for another id', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(pattern.build({ device: a }) === pattern.build({ device: b })).toBe(a === b);
      }),
    );
  });

  it.each(['', '\ud800', 'a\udc00'])('cannot have %j', (device) => {
    expect(faultOf(() => pattern.build({ device }))).toBe('invalid-topic device');
  });

  it('cannot lack a parameter', () => {
    expect(faultOf(() => pattern.build({} as { device: string }))).toBe('invalid-topic device');
  });

  it('has at most 65,535 bytes', () => {
    const room = 65_535 - 'device//temperature'.length;
    expect(pattern.build({ device: 'a'.repeat(room) })).toHaveLength(65_535);
    expect(faultOf(() => pattern.build({ device: 'a'.repeat(room + 1) }))).toMatch(
      /^invalid-topic/,
    );
  });
});

describe('a topic that is not of the family', () => {
  it.each([
    'device/t1',
    'device/t1/temperature/x',
    'device/t1/humidity',
    'Device/t1/temperature',
    '',
    'device//temperature',
    'device/+/temperature',
    'device/#',
    'device/a b/temperature',
    'device/a=2fb/temperature',
    'device/=41/temperature',
    'device/=/temperature',
    'device/=2/temperature',
    'device/=C0=A0/temperature',
    'device/%41/temperature',
    'device/../temperature',
    'device/./temperature',
    'device/é/temperature',
    'device/=2E=2E=2E/temperature',
    '/device/t1/temperature',
  ])('%j is not matched', (topic) => {
    expect(pattern.match(topic)).toBeUndefined();
  });

  it('is never matched by two spellings of one id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (level) => {
        const topic = `device/${level}/temperature`;
        const params = pattern.match(topic);
        expect(params === undefined || pattern.build(params) === topic).toBe(true);
      }),
    );
  });
});
