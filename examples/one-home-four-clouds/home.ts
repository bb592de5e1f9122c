import { defineApp, defineDevice, defineHome, defineRule, each } from '@hearth/core';
import * as z from 'zod';

/** A radiator thermostat. Temperatures are in °C. */
export const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({ localTemperature: z.number().nullable(), occupiedHeatingSetpoint: z.number() }),
  initial: { localTemperature: null, occupiedHeatingSetpoint: 20 },
  writable: z.object({ occupiedHeatingSetpoint: z.number().min(5).max(35) }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number().min(-40).max(85) }),
      apply: ({ celsius }, set) => set({ localTemperature: celsius }),
    },
  },
});

/** The home as a whole, as its occupancy sensor reports it. */
export const home = defineHome({
  type: 'com.acme.home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
  reports: {
    occupancy: {
      data: z.object({ occupants: z.number().int().min(0) }),
      apply: ({ occupants }, set) => set({ occupants }),
    },
  },
});

/** Nobody is there and a room gets cold: heat a little, so that the pipes do not freeze. */
export const coldAndEmpty = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) =>
      thermostats.some(({ state }) => (state.localTemperature ?? Infinity) < 15.5),
  },
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 18 })),
});

/** Somebody has been back for a minute: make it comfortable. */
export const welcomeBack = defineRule({
  name: 'welcome-back',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: { somebodyHome: ({ home: { occupants } }) => occupants > 0 },
  forMs: 60_000,
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 21 })),
});

export const app = defineApp({
  source: 'urn:acme:home',
  parts: [thermostat, home, coldAndEmpty, welcomeBack],
});
