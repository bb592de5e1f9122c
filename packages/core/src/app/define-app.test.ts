import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineCall } from '../model/call.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent, type EventType } from '../model/event.ts';
import { defineHandler, type Part } from '../model/handler.ts';
import { defineHome } from '../model/home.ts';
import { by, each, homeOf } from '../model/reads.ts';
import { defineRule } from '../model/rule.ts';
import { simulation } from '../simulate/index.ts';
import { defineApp, events } from './define-app.ts';

const data = z.object({ n: z.number() });
const state = data;
const initial = { n: 0 };
const pressed = defineEvent('pressed', data);
const light = defineDevice({ type: 'light', state, initial });
const home = defineHome({ type: 'home', state, initial });
const rule = defineRule({
  name: 'rule',
  per: home,
  watch: { home, lights: each(light) },
  when: { any: ({ lights }) => lights.length > 0 },
  emit: () => [],
});

const app = (...parts: readonly (Part | EventType)[]) => defineApp({ source: 'urn:acme', parts });
const handler = (name: string, more: object = {}) =>
  defineHandler({ name, state, initial, ...more });
const because = (message: string) =>
  expect.objectContaining({ code: 'invalid-definition', message });

describe('defineApp', () => {
  it('knows its handlers, event types and calls', () => {
    const call = defineCall({
      type: 'call',
      request: data,
      result: data,
      timeoutMs: 1,
      attempts: 1,
    });
    const made = app(light, call, pressed);
    expect([...made.handlers.keys()]).toEqual(['light', 'light.connection', 'call']);
    expect([...made.calls.keys()]).toEqual(['call']);
    expect([...made.types.keys()]).toEqual(
      expect.arrayContaining(['light.set', 'call.done', 'hearth.device.bound', 'pressed']),
    );
  });

  it.each(['', 'a b', 'ä', 'urn:a\n'])('refuses the source %j', (source) => {
    expect(() => defineApp({ source, parts: [light] })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field: 'source' }),
    );
  });

  it('refuses two parts of one name, also where one had it before', () => {
    const step = () => ({});
    const one = handler('one').on(pressed, step);
    expect(() => app(one, handler('one').on(pressed, step))).toThrow(
      because('Two parts are named "one".'),
    );
    expect(() => app(one, handler('two', { formerly: 'one' }).on(pressed, step))).toThrow(
      because('Two parts are named "one".'),
    );
    expect(() => app(light, light)).toThrow(because('Two parts are named "light".'));
  });

  it('refuses a handler whose steps were lost', () => {
    const lost = handler('lost');
    lost.on(pressed, () => ({}));
    expect(() => app(lost)).toThrow(
      because('"lost" handles nothing: take what the last .on(…) gives.'),
    );
  });

  it.each([
    ['undefined', undefined, 'is undefined, perhaps because two modules import each other.'],
    ['an object', {}, 'is no part: give it what one of the define…() functions made.'],
  ])('says which part is %s', (_, part, why) => {
    expect(() => app(light, part as unknown as Part)).toThrow(because(`parts[1] ${why}`));
  });
});

describe('the event types of an app', () => {
  it('are those that it emits and nobody in it handles, too', () => {
    const told = handler('teller').on(pressed, () => ({
      emit: defineEvent('told', data)('a', { n: 1 }),
    }));
    const answers = (...parts: readonly (Part | EventType)[]) =>
      simulation(app(told, ...parts)).happen({ event: pressed('a', { n: 1 }) })[0];
    expect(answers()).toMatchObject({
      verdict: 'retry',
      code: 'invalid-output',
      message: 'The app emits "told" but does not define it; add it to the parts.',
    });
    const event = defineEvent('told', data);
    expect(answers(event)?.verdict).toBe('done');
    expect(answers(events(event))?.verdict).toBe('done');
  });

  it('may be mentioned by any number of parts', () => {
    const both = [handler('a').on(pressed, () => ({})), handler('b').on(pressed, () => ({}))];
    expect(app(...both, pressed).routes.get('pressed')).toHaveLength(2);
  });

  it('must not be defined twice', () => {
    expect(() => app(pressed, defineEvent('pressed', z.null()))).toThrow(
      because('Two event types are named "pressed".'),
    );
    const clash = defineEvent('light.changed', z.null());
    expect(() => app(light, clash)).toThrow(because('Two event types are named "light.changed".'));
  });

  it('must not be an older version of another', () => {
    const older = (type: string, ...versions: readonly object[]) =>
      defineEvent(type, data, {
        older: versions.map((one) => ({ ...one, data, upcast: () => ({ n: 0 }) })),
      });
    const clash = because('"pressed" could be "pushed" or "pressed".');
    expect(() => app(older('pushed', { type: 'pressed' }), pressed)).toThrow(clash);
    expect(() => app(older('a', { type: 'x' }), older('b', { type: 'x' }))).toThrow(
      because('"x" could be "a" or "b".'),
    );
    const told = { type: 'pressed', dataschema: 'urn:1' };
    expect(() => app(older('pushed', told), pressed)).not.toThrow();
  });
});

describe('the routes of an app', () => {
  const older = (type: string, dataschema?: string) => ({
    older: [
      {
        type,
        ...(dataschema === undefined ? {} : { dataschema }),
        data,
        upcast: ({ n }: { n: number }) => ({ n }),
      },
    ],
  });

  it('lead from an older type to whoever handles the type of today', () => {
    const pushed = defineEvent('pushed', data, older('pressed'));
    const made = app(handler('a').on(pushed, () => ({})));
    expect(made.routes.get('pressed')).toEqual(made.routes.get('pushed'));
  });

  it('leave a type alone that only its dataschema makes another', () => {
    const pushed = defineEvent('pushed', data, older('pressed', 'urn:1'));
    const made = app(
      handler('a').on(pushed, () => ({})),
      handler('b').on(pressed, () => ({})),
    );
    expect(made.routes.get('pressed')?.map((route) => route.handler.name)).toEqual(['b']);
  });
});

describe('a missing part', () => {
  it('is named by who listens to what only that part emits', () => {
    const listens = handler('listener').on(light.events.changed, () => ({}));
    const message =
      '"listener" listens to "light.changed", which only "light" emits; add it to the parts.';
    expect(() => app(listens)).toThrow(because(message));
    expect(() => app(listens, light)).not.toThrow();
  });

  it('is named by a rule that watches it', () => {
    expect(() => app(rule, home)).toThrow(
      because('"rule" listens to "light.changed", which only "light" emits; add it to the parts.'),
    );
    expect(() => app(rule, light)).toThrow(/only "home" emits/);
  });

  it('is named by who reads it', () => {
    const reader = handler('reader', { reads: { homes: by(home) } }).on(pressed, () => ({}));
    expect(() => app(reader)).toThrow(
      because('"reader" reads "homes", kept by "home"; add that to the parts.'),
    );
    expect(() => app(reader, home)).not.toThrow();
  });

  it('is named by who looks there for where to read', () => {
    const reader = handler('reader', { reads: { home: by(home, homeOf(light)) } }).on(
      pressed,
      () => ({}),
    );
    expect(() => app(reader, home)).toThrow(
      because('"reader" reads "home", kept by "light"; add that to the parts.'),
    );
    expect(() => app(reader, home, light)).not.toThrow();
  });
});

describe("a read of the home for a device's own words", () => {
  const reader = (reads: object) =>
    handler('reader', { reads }).on(light.events.reported, () => ({}));

  it.each([
    ['by', by(home)],
    ['each', each(light)],
  ])('is refused without saying where: %s', (_, read) => {
    expect(() => app(reader({ it: read }), home, light)).toThrow(
      because(
        '"reader" reads "it" of the home that "light.reported" belongs to, but a device does not know its home; say where with homeOf(…).',
      ),
    );
  });

  it.each([
    ['a place', by(home, homeOf(light))],
    ['the places of many', each(light, { value: homeOf(light) })],
    ['the subject itself', by(light, ({ subject }) => subject)],
  ])('is taken with %s', (_, read) => {
    expect(() => app(reader({ it: read }), home, light)).not.toThrow();
  });

  it('needs no place for what the record of the device says', () => {
    const listener = handler('reader', { reads: { it: by(home) } }).on(
      light.events.changed,
      () => ({}),
    );
    expect(() => app(listener, home, light)).not.toThrow();
  });
});
