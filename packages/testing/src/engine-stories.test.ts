import {
  defineApp,
  defineDevice,
  defineHome,
  defineRule,
  each,
  lives,
  type Draft,
} from '@hearth/core';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import * as z from 'zod';
import { specify, type Story } from './specify.ts';

const thermostat = defineDevice({
  type: 'thermostat',
  state: z.object({ celsius: z.number().nullable(), setpoint: z.number() }),
  initial: { celsius: null, setpoint: 20 },
  writable: z.object({ setpoint: z.number() }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply: ({ celsius }, set) => set({ celsius }),
    },
  },
});
const home = defineHome({
  type: 'home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});
const cold = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) => thermostats.some(({ state: { celsius } }) => (celsius ?? 20) < 15.5),
  },
  forMs: 2000,
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { setpoint: 18 })),
});
const hot = defineRule({
  name: 'hot',
  per: thermostat,
  watch: { t: thermostat },
  cooldownMs: 5000,
  when: { hot: ({ t }) => (t.celsius ?? 0) > 17 },
  emit: (_, { subject }) => thermostat.set(subject, { setpoint: 10 }),
});
const app = defineApp({ source: 'urn:house', parts: [thermostat, home, cold, hot] });

const id = fc.constantFrom('t1', 't2');
const happening: fc.Arbitrary<Draft> = fc.oneof(
  fc
    .tuple(id, fc.integer({ min: 10, max: 20 }))
    .map(([device, celsius]) => thermostat.events.temperature(device, { celsius })),
  fc
    .tuple(id, fc.constantFrom(10, 18))
    .map(([device, setpoint]) => thermostat.events.reported(device, { setpoint })),
  fc
    .tuple(id, fc.constantFrom(10, 18, null))
    .map(([device, setpoint]) => thermostat.set(device, { setpoint })),
  fc.nat(1).map((occupants) => home.set('h1', { occupants })),
  fc.tuple(id, fc.constantFrom('h1', 'h2', null)).map(([device, where]) => lives(device, where)),
);
const wait = fc.constantFrom(500, 2000, 10_000);

describe('any story about homes, devices and rules', () => {
  it('ends the same whatever happens', async () => {
    const acts = fc.array(fc.oneof(happening, wait), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(acts, fc.nat(), async (told, seed) => {
        const tell = (story: Story, act: Draft | number) =>
          typeof act === 'number' ? story.after(act) : story.when(act);
        await told.reduce(tell, specify(app)).whateverHappens({ seed, budget: 1500 });
      }),
      { numRuns: 15 },
    );
  }, 30_000);
});
