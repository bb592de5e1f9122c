import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineEvent, type Draft, type EventDef, type EventOf, type Incoming } from './event.ts';

const data = z.object({ celsius: z.number() });
const temperature = defineEvent('com.acme.temperature', data);
const door = defineEvent('com.acme.door', z.object({ open: z.boolean() }));
const refused = expect.objectContaining({ code: 'invalid-definition' });

describe('an event type', () => {
  it('makes drafts', () => {
    expect(temperature('t1', { celsius: 14 })).toEqual({
      type: 'com.acme.temperature',
      subject: 't1',
      data: { celsius: 14 },
    });
  });

  it('gives a draft its key and its partition only where they were given', () => {
    expect(temperature('t1', { celsius: 14 }, { key: 'k', partition: 'h1' })).toMatchObject({
      key: 'k',
      partition: 'h1',
    });
    expect(Object.keys(temperature('t1', { celsius: 14 }))).toEqual(['type', 'subject', 'data']);
  });

  it.each(['', 'a\nb', 'a\uD800'])('has a name, and not %j', (type) => {
    expect(() => defineEvent(type, data)).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        message: `An event type needs a name, not ${JSON.stringify(type)}.`,
      }),
    );
  });

  it('is refused with a schema that is not plain JSON', () => {
    expect(() => defineEvent('x', z.object({ at: z.date() }))).toThrow(
      'The schema of "x" is not plain JSON: at "at" a date is not JSON.',
    );
  });

  it('knows its type and data', () => {
    expectTypeOf(temperature).toEqualTypeOf<
      EventDef<'com.acme.temperature', { celsius: number }>
    >();
    expectTypeOf(temperature('t1', { celsius: 1 })).toEqualTypeOf<
      Draft<'com.acme.temperature', { celsius: number }>
    >();
    type Both = EventOf<readonly [typeof temperature, typeof door]>;
    expectTypeOf<Both>().toEqualTypeOf<
      | Incoming<'com.acme.temperature', { celsius: number }>
      | Incoming<'com.acme.door', { open: boolean }>
    >();
    // @ts-expect-error a typo
    temperature('t1', { celcius: 14 });
    // @ts-expect-error a number
    temperature('t1', { celsius: '14' });
    // @ts-expect-error a subject is a text
    temperature(1, { celsius: 14 });
  });
});

describe('an older version', () => {
  const fahrenheit = z.object({ fahrenheit: z.number() });
  const upcast = (old: { fahrenheit: number }) => ({ celsius: (old.fahrenheit - 32) / 1.8 });
  const define =
    (...older: readonly { readonly type?: string; readonly dataschema?: string }[]) =>
    () =>
      defineEvent('x', data, {
        older: older.map((version) => ({ ...version, data: fahrenheit, upcast })),
      });
  const alike = 'An older version of "x" needs a type or a dataschema that tells it apart.';

  it('is told apart by its type, its dataschema, or both', () => {
    const versions = [
      { type: 'y' },
      { dataschema: 'urn:1' },
      { dataschema: 'urn:2' },
      { type: 'y', dataschema: 'urn:1' },
    ];
    expect(define(...versions)().older).toHaveLength(4);
  });

  it.each([
    ['neither', [{}]],
    ['the type of today', [{ type: 'x' }]],
    ['a type twice', [{ type: 'y' }, { type: 'y' }]],
    ['a dataschema twice', [{ dataschema: 'urn:1' }, { type: 'x', dataschema: 'urn:1' }]],
  ])('is refused with %s', (_, versions) => {
    expect(define(...versions)).toThrow(refused);
    expect(define(...versions)).toThrow(alike);
  });

  it('is refused with a schema that is not plain JSON', () => {
    const older = [{ type: 'y', data: z.date(), upcast: () => ({ celsius: 0 }) }];
    expect(() => defineEvent('x', data, { older })).toThrow(
      'The schema of older "y" is not plain JSON: a date is not JSON.',
    );
  });

  it('infers what its upcast gets, and checks what it gives', () => {
    const kelvin = z.object({ kelvin: z.number() });
    defineEvent('x', data, {
      older: [
        { type: 'f', data: fahrenheit, upcast: (old) => ({ celsius: old.fahrenheit / 1.8 - 18 }) },
        { type: 'k', data: kelvin, upcast: (old) => ({ celsius: old.kelvin - 273.15 }) },
      ],
    });
    // @ts-expect-error a typo in what it gets
    const got = { type: 'k', data: kelvin, upcast: (old) => ({ celsius: old.celvin }) };
    // @ts-expect-error a typo in what it gives
    defineEvent('x', data, { older: [{ ...got, upcast: (old) => ({ celcius: old.kelvin }) }] });
  });
});
