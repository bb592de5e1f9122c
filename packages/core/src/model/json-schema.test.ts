import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { whyNotJson } from './json-schema.ts';
import type { Schema } from './schema.ts';

const fillsIn = 'it fills in a default; put it into `initial` or an upcast';
const waits = 'a check of it waits; a schema must answer at once';

const refused: readonly (readonly [string, Schema, string])[] = [
  ['a transform', z.string().transform(Number), 'it transforms'],
  ['a pipe', z.string().pipe(z.string()), 'it transforms'],
  ['a preprocess', z.preprocess(String, z.string()), 'it transforms'],
  ['a codec', z.stringbool(), 'it transforms'],
  ['a default', z.string().default('a'), fillsIn],
  ['a prefault', z.string().prefault('a'), fillsIn],
  ['a catch', z.string().catch('a'), 'it replaces what does not fit'],
  ['a coercion', z.coerce.number(), 'it coerces'],
  ['trim()', z.string().trim(), 'it changes the text'],
  ['toLowerCase()', z.string().toLowerCase(), 'it changes the text'],
  ['normalize()', z.string().normalize(), 'it changes the text'],
  ['a normalized URL', z.url({ normalize: true }), 'it changes the text'],
  ['a Date', z.date(), 'a date is not JSON'],
  ['a Map', z.map(z.string(), z.string()), 'a map is not JSON'],
  ['a Set', z.set(z.string()), 'a set is not JSON'],
  ['a bigint', z.bigint(), 'a bigint is not JSON'],
  ['a literal bigint', z.literal(1n), 'a bigint is not JSON'],
  ['a literal undefined', z.literal([undefined, 'a']), 'a undefined is not JSON'],
  ['a symbol', z.symbol(), 'a symbol is not JSON'],
  ['undefined', z.undefined(), 'a undefined is not JSON'],
  ['NaN', z.nan(), 'a nan is not JSON'],
  ['a promise', z.promise(z.string()), 'a promise is not JSON'],
  ['an asynchronous check', z.string().refine(async () => true), waits],
  ['an asynchronous custom schema', z.custom(async () => true), waits],
  ['zod/mini: a transform', mini.pipe(mini.string(), mini.transform(Number)), 'it transforms'],
  ['zod/mini: trim', mini.string().check(mini.trim()), 'it changes the text'],
  ['zod/mini: a default', mini._default(mini.string(), 'a'), fillsIn],
  ['zod/mini: a Date', mini.date(), 'a date is not JSON'],
  ['valibot: a transform', v.pipe(v.string(), v.transform(Number)), 'it transforms'],
  ['valibot: trim', v.pipe(v.string(), v.trim()), 'it transforms'],
  ['valibot: a default', v.optional(v.string(), 'a'), fillsIn],
  ['valibot: a fallback', v.fallback(v.string(), 'a'), 'it replaces what does not fit'],
  ['valibot: a Date', v.date(), 'a date is not JSON'],
  ['valibot: a literal bigint', v.literal(1n), 'a bigint is not JSON'],
  ['valibot: an instance', v.instance(Date), 'a instance is not JSON'],
  ['valibot: an asynchronous check', asynchronous(), waits],
];

function asynchronous(): Schema {
  return v.pipeAsync(
    v.string(),
    v.checkAsync(async () => true),
  );
}

const accepted: readonly (readonly [string, Schema])[] = [
  ['texts and numbers with checks', z.object({ a: z.email(), b: z.int().min(1) })],
  ['what may be absent or null', z.object({ a: z.string().optional(), b: z.string().nullish() })],
  ['lists, tuples and records', z.tuple([z.array(z.string())], z.record(z.string(), z.json()))],
  [
    'unions and literals',
    z.union([z.literal(['a', 1, true, null]), z.discriminatedUnion('k', [option('a')])]),
  ],
  ['brands and readonly', z.object({ a: z.string().brand('id') }).readonly()],
  ['a check of the whole', z.object({ a: z.string() }).refine(() => true)],
  ['anything', z.unknown()],
  ['zod/mini', mini.object({ a: mini.optional(mini.string()) })],
  ['valibot', v.object({ a: v.optional(v.pipe(v.string(), v.email())), b: v.picklist(['x']) })],
  ['valibot: brands and readonly', v.pipe(v.object({ a: v.string() }), v.brand('a'), v.readonly())],
];

function option(kind: string) {
  return z.object({ k: z.literal(kind) });
}

const date = z.date();
const places: readonly (readonly [string, Schema, string])[] = [
  ['an object', z.object({ a: z.object({ b: date }) }), 'a.b'],
  ['a list', z.object({ a: z.array(z.object({ b: date })) }), 'a.b'],
  ['a tuple', z.object({ a: z.tuple([z.string(), date]) }), 'a'],
  ['the rest of a tuple', z.object({ a: z.tuple([z.string()], date) }), 'a'],
  ['a union', z.object({ a: z.union([z.string(), z.object({ b: date })]) }), 'a.b'],
  ['an intersection', z.object({ a: z.string() }).and(z.object({ b: date })), 'b'],
  ['the values of a record', z.object({ a: z.record(z.string(), date) }), 'a'],
  ['the keys of a record', z.object({ a: z.record(z.string().trim(), z.string()) }), 'a'],
  ['what may be absent', z.object({ a: date.optional() }), 'a'],
  ['what may be null', z.object({ a: date.nullable() }), 'a'],
  ['what else an object allows', z.object({ a: z.object({}).catchall(date) }), 'a'],
  ['a lazy schema', z.object({ a: z.lazy(() => z.object({ b: date })) }), 'a.b'],
  ['zod/mini', mini.object({ a: mini.array(mini.date()) }), 'a'],
  ['valibot: an object in a list', v.object({ a: v.array(v.object({ b: v.date() })) }), 'a.b'],
  ['valibot: a union', v.object({ a: v.union([v.string(), v.date()]) }), 'a'],
  ['valibot: a record', v.object({ a: v.record(v.string(), v.date()) }), 'a'],
  ['valibot: what may be null', v.object({ a: v.nullable(v.date()) }), 'a'],
  ['valibot: a pipe', v.object({ a: v.pipe(v.object({ b: v.date() }), v.readonly()) }), 'a.b'],
  ['valibot: a lazy schema', v.object({ a: v.lazy(() => v.date()) }), 'a'],
];

describe('whyNotJson', () => {
  it.each(refused)('refuses %s', (_, schema, reason) => {
    expect(whyNotJson(schema)).toBe(reason);
  });

  it.each(accepted)('takes %s', (_, schema) => {
    expect(whyNotJson(schema)).toBeUndefined();
  });

  it.each(places)('names the property in %s', (_, schema, path) => {
    expect(whyNotJson(schema)).toMatch(`at "${path}" `);
  });

  it('ends with a schema that contains itself', () => {
    const node = z.object({
      name: z.string(),
      get children() {
        return z.array(node);
      },
    });
    expect(whyNotJson(node)).toBeUndefined();
    interface Tree {
      readonly born: Date;
      readonly children: readonly Tree[];
    }
    const tree: z.ZodType<Tree> = z.lazy(() =>
      z.object({ children: z.array(tree), born: z.date() }),
    );
    expect(whyNotJson(tree)).toBe('at "born" a date is not JSON');
  });

  it('takes at its word what refers to something that is not defined yet', () => {
    const early = z.object({ a: z.lazy((): z.ZodType => later) });
    expect(whyNotJson(early)).toBeUndefined();
    const later = z.string();
    expect(later.parse('a')).toBe('a');
  });

  it('takes a library that tells nothing at its word', () => {
    const told: Schema = {
      '~standard': { version: 1, vendor: 'unknown', validate: (value) => ({ value }) },
    };
    expect(whyNotJson(told)).toBeUndefined();
  });
});
