import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineDevice } from './device.ts';
import { defineEvent, type Incoming } from './event.ts';
import { defineHandler } from './handler.ts';
import { defineHome } from './home.ts';
import { by, each, homeOf, partitionOf, type By, type Each, type Got } from './reads.ts';

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
    const bySource = ({ source }: Incoming) => source;
    expect(by(home).subject).toBe(partitionOf);
    expect(by(home, bySource).subject).toBe(bySource);
  });

  it('reads homes, devices and handlers', () => {
    expectTypeOf(by(home)).toEqualTypeOf<By<{ n: number }>>();
    expectTypeOf(by(light)).toEqualTypeOf<By<{ on: boolean; level: number }>>();
    expectTypeOf(by(counter)).toEqualTypeOf<By<number>>();
  });
});

describe('each', () => {
  it('finds up to 100 records of the home unless told otherwise', () => {
    expect(each(light)).toMatchObject({ tag: 'home', limit: 100, value: partitionOf });
  });

  it('finds by another tag and value', () => {
    const value = ({ source }: Incoming) => source;
    const found = each(light, { tag: 'firmware', value, limit: 5 });
    expect(found).toMatchObject({ tag: 'firmware', value, limit: 5 });
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

describe('homeOf', () => {
  it('reads where the device lives that an event is about', () => {
    const { of, subject } = homeOf(light);
    expect(of.record).toBe(light.record);
    expect(of.view({ ...(light.record.initial as object), home: 'h1' })).toBe('h1');
    expect(typeof subject === 'function' && subject(event)).toBe('t1');
  });

  it('is a read of its own, and a place for others', () => {
    expectTypeOf(homeOf(light)).toEqualTypeOf<By<string | null>>();
    expectTypeOf(by(home, homeOf(light))).toEqualTypeOf<By<{ n: number }>>();
    expectTypeOf(each(light, { value: homeOf(light) })).toExtend<Each>();
    // @ts-expect-error a home lives nowhere
    homeOf(home);
    // @ts-expect-error a state is no place
    by(home, by(home));
  });
});

describe('what cannot be read', () => {
  const nothing = undefined as unknown as typeof light;
  const fact = defineEvent('fact', z.null()) as unknown as typeof light;

  it.each([
    ['by', () => by(nothing)],
    ['each', () => each(nothing)],
    ['homeOf', () => homeOf(nothing)],
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
