import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { personalPaths, withoutPersonal } from './personal.ts';
import { check } from './schema.ts';

const mark = { personal: true } as const;
const person = z.object({
  name: z.string().meta(mark).optional(),
  plan: z.enum(['free', 'paid']),
  address: z.object({ street: z.string().nullable().meta(mark), country: z.string() }),
  guests: z.array(z.object({ name: z.string().meta(mark), nights: z.number() })),
  codes: z.record(z.string(), z.string()).meta(mark),
});

describe('personalPaths', () => {
  it('finds what zod marks, in whatever it is wrapped', () => {
    expect(personalPaths(person)).toEqual(['name', 'address.street', 'guests.*.name', 'codes']);
  });

  it('finds what zod/mini and valibot mark', () => {
    const inMini = mini.object({ name: mini.optional(mini.string().check(mini.meta(mark))) });
    const inValibot = v.object({ guests: v.array(v.pipe(v.string(), v.metadata(mark))) });
    expect(personalPaths(inMini)).toEqual(['name']);
    expect(personalPaths(inValibot)).toEqual(['guests.*']);
  });

  it('finds nothing in a schema that says nothing, and ends in one that contains itself', () => {
    const node = z.object({
      name: z.string().meta(mark),
      get next() {
        return node.optional();
      },
    }) as z.ZodType;
    expect(personalPaths(node)).toEqual(['name']);
    const unknown = {
      '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) },
    } as const;
    expect(personalPaths(unknown)).toEqual([]);
  });
});

describe('withoutPersonal', () => {
  it('replaces what is marked, and nothing else', () => {
    const value = {
      name: 'Ada',
      plan: 'free',
      address: { street: null, country: 'NO' },
      guests: [{ name: 'Bo', nights: 2 }],
      codes: { Ada: '1' },
    };
    expect(withoutPersonal(person, value)).toEqual({
      name: '[personal]',
      plan: 'free',
      address: { street: '[personal]', country: 'NO' },
      guests: [{ name: '[personal]', nights: 2 }],
      codes: '[personal]',
    });
  });

  it('leaves what does not fit the schema as it is', () => {
    expect(withoutPersonal(person, null)).toBeNull();
    expect(withoutPersonal(person, { guests: 'none' })).toEqual({ guests: 'none' });
  });
});

describe('what a check says', () => {
  it('is the library’s own where nothing is marked', () => {
    const { issue } = check(person, { plan: 'gold', address: {}, guests: [], codes: {} });
    expect(issue).toMatchObject({ at: 'plan', message: expect.stringContaining('free') });
  });

  it('is never a text that may quote what is personal', () => {
    const quoting = z.object({ name: z.string().meta(mark), age: z.number() }).refine(() => false, {
      error: ({ input }) => `${(input as { name: string }).name} is too young`,
    });
    expect(check(quoting, { name: 'Ada', age: 1 })).toEqual({
      issue: { at: '', message: 'does not fit' },
    });
    const keyed = z.object({ codes: z.record(z.string(), z.number()).meta(mark) });
    expect(check(keyed, { codes: { Ada: 'x' } })).toEqual({
      issue: { at: 'codes', message: 'does not fit' },
    });
  });
});
