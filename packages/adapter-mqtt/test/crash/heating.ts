import { defineApp, defineDevice, defineHome, defineRule, each } from '@hearth/core';
import * as z from 'zod';

/** A thermostat that only measures. */
export const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({ celsius: z.number().nullable() }),
  initial: { celsius: null },
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply: ({ celsius }, set) => set({ celsius }),
    },
  },
});

/** A radiator valve that is told how far to open. */
export const valve = defineDevice({
  type: 'com.acme.valve',
  state: z.object({ openPercent: z.number() }),
  initial: { openPercent: 0 },
  writable: z.object({ openPercent: z.number() }),
});

export const home = defineHome({
  type: 'com.acme.home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});

/** Opens the valve of a home that gets cold while somebody is there. */
export const coldAndOccupied = defineRule({
  name: 'cold-and-occupied',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    somebodyHome: ({ home: { occupants } }) => occupants > 0,
    cold: ({ thermostats }) => thermostats.some(({ state }) => (state.celsius ?? 20) < 18),
  },
  emit: ({ thermostats }, { subject }) =>
    valve.set(`valve of ${subject}`, {
      openPercent: 10 * (19 - (thermostats[0]?.state.celsius ?? 19)),
    }),
});

/**
 * The app of the crash tests. One thermostat lives in a home, and a valve is told things by one rule only: the inputs of each record
 * come in one order, whatever happens, so its records and events must be the same, whatever happens.
 */
export const app = defineApp({
  source: 'urn:acme:heating',
  parts: [thermostat, valve, home, coldAndOccupied],
});
