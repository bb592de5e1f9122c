import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineDevice } from './device.ts';
import { defineEvent, type Incoming } from './event.ts';
import { defineHandler } from './handler.ts';
import { defineHome } from './home.ts';
import { by, each, partitionOf, type By, type Each, type Got } from './reads.ts';

const event: Incoming = {
  specversion: '1.0',
  id: '1',
  source: 'urn:t1',
  type: 'x',
  subject: 't1',
  data: null,
};
const light = defineDevice({
  type: 'light',
  state: z.object({ on: z.boolean(), level: z.number() }),
  initial: { on: false, level: 0 },
});
const home = defineHome({ type: 'home', state: z.object({ n: z.number() }), initial: { n: 0 } });
const counter = defineHandler({ name: 'counter', state: z.number(), initial: 0 });

describe('partitionOf', () => {
  it('is the home an event belongs to, else its subject', () => {
    expect(partitionOf({ ...event, partitionkey: 'h1' })).toBe('h1');
    expect(partitionOf(event)).toBe('t1');
  });
});

describe('by', () => {
  it('finds the record of the partition unless told otherwise', () => {
    expect(by(home).subject({ ...event, partitionkey: 'h1' })).toBe('h1');
    expect(by(home, ({ source }) => source).subject(event)).toBe('urn:t1');
  });

  it('reads homes, devices and handlers', () => {
    expectTypeOf(by(home)).toEqualTypeOf<By<{ n: number }>>();
    expectTypeOf(by(light)).toEqualTypeOf<By<{ on: boolean; level: number }>>();
    expectTypeOf(by(counter)).toEqualTypeOf<By<number>>();
  });
});

describe('each', () => {
  it('finds up to 100 records of the home unless told otherwise', () => {
    expect(each(light)).toMatchObject({ tag: 'home', limit: 100 });
    expect(each(light).value({ ...event, partitionkey: 'h1' })).toBe('h1');
  });

  it('finds by another tag and value', () => {
    const found = each(light, { tag: 'firmware', value: ({ source }) => source, limit: 5 });
    expect(found).toMatchObject({ tag: 'firmware', limit: 5 });
    expect(found.value(event)).toBe('urn:t1');
  });

  it('narrows the state to what was picked', () => {
    expectTypeOf(each(light, { pick: ['on'] })).toEqualTypeOf<Each<{ on: boolean }>>();
    expectTypeOf<Got<{ lights: Each<{ on: boolean }> }>>().toEqualTypeOf<{
      readonly lights: readonly { readonly subject: string; readonly state: { on: boolean } }[];
    }>();
    // @ts-expect-error a typo
    each(light, { pick: ['onn'] });
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a limit of %s', (limit) => {
    expect(() => each(light, { limit })).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field: 'limit',
        message: `each(…, { limit: ${limit} }) needs a limit of at least 1.`,
      }),
    );
  });

  it('takes a limit of 1', () => {
    expect(each(light, { limit: 1 }).limit).toBe(1);
  });
});

describe('what cannot be read', () => {
  const nothing = undefined as unknown as typeof light;
  const fact = defineEvent('fact', z.null()) as unknown as typeof light;

  it.each([
    ['by', () => by(nothing)],
    ['each', () => each(nothing)],
  ])('%s says that it got nothing, and why that may be', (name, read) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        message: `${name}(…) was given undefined, perhaps because two modules import each other.`,
      }),
    );
  });

  it('is what has no record', () => {
    expect(() => by(fact)).toThrow(
      'by(…) was given what has no record; give it a handler, a device or a home.',
    );
  });
});
