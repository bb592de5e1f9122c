import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineDevice, defineHome, defineRule, each, lives } from './index.ts';
import type { Draft } from './index.ts';
import { simulation } from './simulate/index.ts';

const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({
    localTemperature: z.number().nullable(),
    occupiedHeatingSetpoint: z.number(),
  }),
  initial: { localTemperature: null, occupiedHeatingSetpoint: 20 },
  writable: z.object({ occupiedHeatingSetpoint: z.number().min(5).max(35) }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number().min(-40).max(85) }),
      apply: ({ celsius }, set) => set({ localTemperature: celsius }),
    },
  },
});

const home = defineHome({
  type: 'com.acme.home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});

const coldAndEmpty = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) =>
      thermostats.some(
        ({ state }) => state.localTemperature !== null && state.localTemperature < 15.5,
      ),
  },
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 18 })),
});

const app = defineApp({ source: 'urn:acme:home', parts: [thermostat, home, coldAndEmpty] });

function wishesAfter(...events: readonly Draft[]) {
  const run = simulation(app);
  run.happen({ event: lives('t1', 'h1') }, ...events.map((event, index) => ({ at: index, event })));
  return run.published
    .filter(({ type }) => type === 'com.acme.thermostat.set')
    .map(({ subject, data }) => [subject, data]);
}

const cold = thermostat.events.temperature('t1', { celsius: 14 });
const wish = ['t1', { occupiedHeatingSetpoint: 18 }];

describe('the first screen', () => {
  it('warms a home that gets cold while nobody is there', () => {
    expect(wishesAfter(home.set('h1', { occupants: 0 }), cold)).toEqual([wish]);
  });

  it('warms a cold home when the last person leaves', () => {
    const events = [home.set('h1', { occupants: 1 }), cold, home.set('h1', { occupants: 0 })];
    expect(wishesAfter(...events)).toEqual([wish]);
  });

  it('does not wish again while it stays cold and empty', () => {
    const colder = thermostat.events.temperature('t1', { celsius: 13 });
    expect(wishesAfter(home.set('h1', { occupants: 0 }), cold, colder)).toEqual([wish]);
  });

  it('keeps the reason of its decision with the record', () => {
    const run = simulation(app);
    const empty = home.set('h1', { occupants: 0 });
    run.happen({ event: lives('t1', 'h1') }, { event: empty }, { at: 5, event: cold });
    const look = run.read({ record: coldAndEmpty.record, subject: 'h1', view: (state) => state });
    expect(look.decisions).toMatchObject([
      { at: 5, because: ['nobodyHome', 'cold'], emitted: ['com.acme.thermostat.set t1'] },
    ]);
  });
});
