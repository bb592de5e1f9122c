import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import * as z from 'zod';
import { checkNamed, partial } from './partial.ts';
import { check, type Schema } from './schema.ts';

const issueOf = (schema: Schema, value: unknown) => check(schema, value).issue;

describe('what does not fit', () => {
  it.each<[string, Schema, unknown]>([
    ['a text', v.object({ pin: v.number() }), { pin: 'secret' }],
    ['a text of another form', v.object({ pin: v.pipe(v.string(), v.email()) }), { pin: 'secret' }],
    ['a number', v.object({ pin: v.pipe(v.number(), v.maxValue(9)) }), { pin: 4711 }],
    ['the value itself', v.number(), 'secret'],
    ['a text in a list', v.array(v.number()), [1, 'secret']],
    [
      'a quotation',
      z.string().refine(() => false, { error: ({ input }) => `no ${String(input)}!` }),
      'secret',
    ],
  ])('is told without the value, also where a library quotes it: %s', (_, schema, value) => {
    expect(JSON.stringify(issueOf(schema, value))).not.toMatch(/secret|4711/);
  });

  it('is told in the words of the library otherwise', () => {
    expect(issueOf(v.object({ n: v.number() }), { n: 'x' })?.message).toBe(
      'Invalid type: Expected number but received "…"',
    );
    expect(issueOf(z.object({ n: z.number().max(9) }), { n: 10 })?.message).toBe(
      'Too big: expected number to be <=9',
    );
    expect(issueOf(z.object({ n: z.number() }), { n: 'e' })?.message).toBe(
      'Invalid input: expected number, received string',
    );
  });

  it.each<[string, Schema]>([
    ['a record', z.record(z.string(), z.number())],
    ['a strict object', z.strictObject({})],
    ['a part of an object', partial(z.object({ n: z.number() }))],
  ])('is told with names that the sender chose cut and cleaned: in %s', (_, schema) => {
    const issue = issueOf(schema, { [`a\n\u2028\ud800${'b'.repeat(10_000)}`]: 'x' });
    expect(`${issue?.at} ${issue?.message}`).toMatch(/^[ -~…]{10,420}$/);
    expect(`${issue?.at} ${issue?.message}`).toContain('a???bbb');
  });

  it('is told likewise of a patch', () => {
    const patch = { [`a\n${'b'.repeat(10_000)}`]: 1 };
    expect(
      checkNamed(z.object({ n: z.number() }), Object.keys(patch), patch).issue?.at,
    ).toHaveLength(65);
  });

  it.each([[[{}]], [[{ message: 5 }]], [[null]], [[]], ['no']])(
    'is told even if all that a schema says is %j',
    (issues) => {
      const validate = () => ({ issues }) as never;
      const odd: Schema = { '~standard': { version: 1, vendor: 'odd', validate } };
      expect(issueOf(odd, 1)).toEqual({ at: '', message: 'does not fit its schema' });
    },
  );

  it.each([undefined, null, 'no', 5])(
    'is an error of the schema if it answers with %s',
    (answer) => {
      const validate = () => answer as never;
      const odd: Schema = { '~standard': { version: 1, vendor: 'odd', validate } };
      expect(() => check(odd, 1)).toThrow(expect.objectContaining({ code: 'invalid-definition' }));
    },
  );
});
