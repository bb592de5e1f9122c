import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { defineDevice } from './device.ts';
import { older } from './event.ts';
import { defineHandler } from './handler.ts';

const plug = defineDevice({
  type: 'com.acme.plug',
  state: z.object({ isOn: z.boolean(), celsius: z.number().nullable() }),
  initial: { isOn: false, celsius: null },
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      older: [
        older({
          dataschema: 'https://acme.com/temperature/1',
          data: z.object({ fahrenheit: z.number() }),
          upcast: ({ fahrenheit }) => ({ celsius: ((fahrenheit - 32) * 5) / 9 }),
        }),
        older({
          type: 'com.acme.plug.temp',
          data: z.object({ t: z.number() }),
          upcast: ({ t }) => ({ celsius: t / 10 }),
        }),
      ],
      apply: ({ celsius }, set) => set({ celsius }),
    },
  },
  events: { overload: { data: z.object({ watts: z.number() }) } },
  telemetry: { power: { data: z.object({ watts: z.number().min(0) }) } },
});
const alarms = defineHandler({ name: 'alarms', state: z.array(z.number()), initial: [] }).on(
  plug.events.overload,
  ({ state, event }) => ({ state: [...state, event.data.watts] }),
);
const device: Principal = { kind: 'device', id: 'p1' };

function start() {
  const run = simulation(defineApp({ source: 'urn:acme', parts: [plug, alarms] }));
  const say = (type: string, data: unknown, more: object = {}) => {
    const event = { specversion: '1.0' as const, id: type, source: 'urn:p1', subject: 'p1' };
    return run.happen({ event: { ...event, type, data, ...more }, principal: device })[0];
  };
  return { run, say, kept: () => run.read(plug.ref('p1')).state };
}

describe('telemetry', () => {
  it('is passed on with the instant of the measurement, and changes no state', () => {
    const { run, say, kept } = start();
    const before = kept();
    const time = '2026-11-23T11:00:00.5+02:00';
    expect(say('com.acme.plug.power', { watts: 40 }, { time })).toEqual({ verdict: 'done' });
    expect(run.published).toMatchObject([
      {
        type: 'com.acme.plug.telemetry',
        subject: 'p1',
        data: { name: 'power', at: '2026-11-23T09:00:00.500Z', values: { watts: 40 } },
      },
    ]);
    expect(kept()).toEqual(before);
  });

  it('is of the instant at which it came when the device does not say', () => {
    const { run, say } = start();
    run.advanceTo(5_000);
    say('com.acme.plug.power', { watts: 40 });
    expect(run.published).toMatchObject([{ data: { at: '1970-01-01T00:00:05.000Z' } }]);
  });

  it('that does not fit is refused', () => {
    const { run, say } = start();
    expect(say('com.acme.plug.power', { watts: -1 })).toMatchObject({
      code: 'invalid-data',
      data: { field: 'data.watts' },
    });
    expect(run.published).toEqual([]);
  });

  it('comes from the device itself', () => {
    const { run } = start();
    const principal: Principal = { kind: 'device', id: 'p2' };
    const answer = run.happen({ event: plug.events.power('p1', { watts: 1 }), principal })[0];
    expect(answer).toMatchObject({ code: 'not-permitted' });
  });
});

it('tells the handlers of the app what happened at a device, and keeps nothing of it', () => {
  const { run, say } = start();
  say('com.acme.plug.overload', { watts: 4000 });
  expect(run.read(alarms.ref('p1')).state).toEqual([4000]);
  expect(run.published).toEqual([]);
});

describe('a report of an older version', () => {
  it.each([
    ['its dataschema', 'com.acme.plug.temperature', { fahrenheit: 68 }],
    ['its type', 'com.acme.plug.temp', { t: 200 }],
  ])('is recognised by %s, and brought up to date', (_, type, data) => {
    const { say, kept } = start();
    const dataschema = 'https://acme.com/temperature/1';
    say(type, data, type.endsWith('temp') ? {} : { dataschema });
    expect(kept().reported.celsius).toBe(20);
  });

  it('that nothing tells apart is refused at definition', () => {
    const data = z.object({ t: z.number() });
    const twice = older({ data, upcast: ({ t }) => ({ t }) });
    const said = { data, older: [twice], apply: () => ({ patch: {} }) };
    const state = z.object({});
    expect(() => defineDevice({ type: 'x', state, initial: {}, reports: { t: said } })).toThrow(
      'needs a type or a dataschema',
    );
  });
});

describe('names', () => {
  const data = z.object({});
  const state = z.object({});
  it.each([
    ['telemetry', { telemetry: { telemetry: { data } } }, 'every device has it'],
    ['power', { telemetry: { power: { data } }, events: { power: { data } } }, 'an? event and'],
    ['data', { events: { alarm: data as never } }, 'needs a Standard Schema'],
  ])('are refused at definition when they cannot be: %s', (_, more, message) => {
    expect(() => defineDevice({ type: 'x', state, initial: {}, ...(more as object) })).toThrow(
      new RegExp(message),
    );
  });
});

it('types what is passed on', () => {
  type Passed = Parameters<typeof plug.events.telemetry>[1];
  expectTypeOf<Passed>().toEqualTypeOf<{
    readonly name: 'power';
    readonly at: string;
    readonly values: { watts: number };
  }>();
  expectTypeOf(plug.events.overload).parameter(1).toEqualTypeOf<{ watts: number }>();
});
