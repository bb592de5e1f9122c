import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { checkNamed, partial } from './partial.ts';
import { assertFits, assertJson, check } from './schema.ts';
import { shapeOf } from './shape.ts';
import type { Schema } from './schema.ts';

function thrower(): never {
  throw new Error('boo');
}

const throwing = {
  zod: z.number().refine(thrower),
  valibot: v.pipe(v.number(), v.check(thrower)),
};
const range = {
  zod: z.object({ low: z.number(), high: z.number() }).refine(({ low, high }) => low <= high),
  'zod/mini': mini
    .object({ low: mini.number(), high: mini.number() })
    .check(mini.refine(({ low, high }) => low <= high)),
  valibot: v.pipe(
    v.object({ low: v.number(), high: v.number() }),
    v.check(({ low, high }) => low <= high),
  ),
};
const open = {
  'looseObject of zod': z.looseObject({ a: z.number() }),
  'catchall of zod': z.object({ a: z.number() }).catchall(z.string()),
  'looseObject of zod/mini': mini.looseObject({ a: mini.number() }),
  'looseObject of valibot': v.looseObject({ a: v.number() }),
  'objectWithRest of valibot': v.objectWithRest({ a: v.number() }, v.string()),
};
const closed = {
  'object of zod': z.object({ a: z.number() }),
  'strictObject of zod': z.strictObject({ a: z.number() }),
  'object of zod/mini': mini.object({ a: mini.number() }),
  'object of valibot': v.object({ a: v.number() }),
  'strictObject of valibot': v.strictObject({ a: v.number() }),
};

describe('check', () => {
  it('gives the value that the schema made of it', () => {
    expect(check(z.object({ a: z.number() }), { a: 1, extra: 2 })).toEqual({ value: { a: 1 } });
  });

  it('names the place of the first issue', () => {
    const schema = z.object({ list: z.array(z.object({ a: z.number() })) });
    const { issue } = check(schema, { list: [{ a: 1 }, { a: 'x' }] });
    expect(issue?.at).toBe('list.1.a');
  });

  it('gives "" as the place of the value itself', () => {
    expect(check(z.number(), 'x').issue?.at).toBe('');
  });

  it('refuses a schema that answers with a promise', () => {
    const waits: Schema = {
      '~standard': { version: 1, vendor: 'slow', validate: async (value) => ({ value }) },
    };
    expect(() => check(waits, 1)).toThrow(expect.objectContaining({ code: 'invalid-definition' }));
  });

  // zod answers with a rejected promise to a check that throws; unhandled, it would end the process, and vitest would say so.
  it.each(Object.entries(throwing))('survives a check of %s that throws', (_, schema) => {
    expect(() => check(schema, 1)).toThrow(expect.objectContaining({ code: 'invalid-definition' }));
  });
});

describe('assertJson', () => {
  it('names the owner and the property', () => {
    expect(() => assertJson(z.object({ born: z.date() }), '"com.acme.baby"')).toThrow(
      'The schema of "com.acme.baby" is not plain JSON: at "born" a date is not JSON.',
    );
  });
});

describe('assertFits', () => {
  const fits = (schema: Schema, value: unknown) => () => assertFits(schema, value, 'It');

  it('takes what fits', () => {
    expect(fits(z.object({ a: z.number().nullable() }), { a: null })).not.toThrow();
  });

  it.each([
    ['does not fit', z.object({ a: z.number() }), { a: 'x' }, 'expected number'],
    ['is not in the schema', z.object({ b: z.number() }), { a: 1, b: 1 }, 'changed by its schema'],
    ['is a Date', z.object({ a: z.any() }), { a: new Date(0) }, 'is not plain JSON'],
    ['is undefined', z.object({ a: z.any() }), { a: undefined }, 'is not plain JSON'],
    ['is no number', z.object({ a: z.any() }), { a: Number.NaN }, 'is not plain JSON'],
    ['is a bigint', z.object({ a: z.any() }), { a: 1n }, 'is not plain JSON'],
    ['is filled in by an unknown library', filling(), { a: 1 }, 'is changed by its schema'],
  ])('refuses a property that %s', (_, schema, value, why) => {
    expect(fits(schema, value)).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field: 'a',
        message: expect.stringContaining(why) as string,
      }),
    );
  });

  function filling(): Schema {
    const validate = () => ({ value: { a: 2 } });
    return { '~standard': { version: 1, vendor: 'unknown', validate } };
  }
});

describe('shapeOf', () => {
  it.each(Object.entries(closed))('knows the properties of %s', (_, schema) => {
    expect(Object.keys(shapeOf(schema) ?? {})).toEqual(['a']);
  });

  it.each(Object.entries(open))('knows none of %s, which takes others as well', (_, schema) => {
    expect(shapeOf(schema)).toBeUndefined();
  });
});

const checkPatch = (schema: Schema, patch: object, base: object) =>
  checkNamed(schema, Object.keys(patch), { ...base, ...patch });

describe('checkNamed', () => {
  it('checks what the patch names and nothing else', () => {
    const schema = z.object({ a: z.number(), b: z.string() });
    expect(checkPatch(schema, { a: 1 }, { b: 5 })).toEqual({ value: { a: 1 } });
    expect(checkPatch(schema, { a: 'x' }, {}).issue?.at).toBe('a');
  });

  it('names a place inside a property', () => {
    const schema = z.object({ a: z.object({ b: z.number() }) });
    expect(checkPatch(schema, { a: { b: 'x' } }, {}).issue?.at).toBe('a.b');
  });

  it.each(['c', 'toString', '__proto__', 'constructor'])('does not know a property %s', (name) => {
    const patch = JSON.parse(`{"${name}":1}`) as Record<string, unknown>;
    expect(checkPatch(z.object({ a: z.number() }), patch, {}).issue).toEqual({
      at: name,
      message: 'is not a known property',
    });
  });

  it.each(Object.entries(range))('checks with %s how properties go together', (_, schema) => {
    expect(checkPatch(schema, { low: 5 }, { low: 1, high: 5 })).toEqual({ value: { low: 5 } });
    expect(checkPatch(schema, { low: 6 }, { low: 1, high: 5 }).issue).toBeDefined();
  });

  it.each(Object.entries(open))('lets a patch add to a %s', (_, schema) => {
    expect(checkPatch(schema, { b: 'x' }, { a: 1 })).toEqual({ value: { b: 'x' } });
    expect(checkPatch(schema, { a: 'x' }, { a: 1 }).issue?.at).toBe('a');
  });

  it('checks a schema of several shapes whole, over what is there', () => {
    const schema = z.union([
      z.object({ kind: z.literal('idle') }),
      z.object({ kind: z.literal('busy'), job: z.string() }),
    ]);
    const busy = { kind: 'busy', job: 'a' };
    expect(checkPatch(schema, { job: 'b' }, busy)).toEqual({ value: { job: 'b' } });
    expect(checkPatch(schema, { kind: 'busy' }, { kind: 'idle' }).issue).toBeDefined();
  });
});

describe('partial', () => {
  const schema = z.object({ a: z.number(), b: z.string().nullable() });

  it('takes any of the properties', () => {
    expect(check(partial(schema), {})).toEqual({ value: {} });
    expect(check(partial(schema), { b: null })).toEqual({ value: { b: null } });
  });

  it.each([null, [], 'a', 1, undefined])('refuses %j, which is no object', (value) => {
    expect(check(partial(schema), value).issue?.message).toBe('must be an object');
  });

  it('removes a property by null only where that is meant', () => {
    expect(check(partial(schema, { removable: true }), { a: null })).toEqual({
      value: { a: null },
    });
    expect(check(partial(schema), { a: null }).issue?.at).toBe('a');
  });

  it.each([1, null])('refuses a property that is not there, given %j', (value) => {
    const options = { removable: true, unknown: 'is not writable' };
    expect(check(partial(schema, options), { a: 1, c: value }).issue).toEqual({
      at: 'c',
      message: 'is not writable',
    });
  });

  it('leaves it to the step how properties go together', () => {
    expect(check(partial(range.zod), { low: 6 })).toEqual({ value: { low: 6 } });
  });

  it('fits every part of what fits the whole', () => {
    const whole = fc.record({ a: fc.integer(), b: fc.option(fc.string()) }, { requiredKeys: [] });
    fc.assert(
      fc.property(whole, (part) => {
        expect(check(partial(schema), part)).toEqual({ value: part });
      }),
    );
  });
});
