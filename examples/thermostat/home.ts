import { defineApp, defineDevice, defineHandler, defineHome, defineRule, each } from '@hearth/core';
import * as z from 'zod';

/** A radiator thermostat: it measures, heats to a setpoint, and has a small display. Temperatures are in °C. */
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
  commands: {
    show: { data: z.object({ text: z.string().max(40) }), expiresMs: 10_000 },
  },
});

/** The home as a whole: how many people are in it, as its occupancy sensor reports. */
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
export const coldAndEmpty = (belowCelsius: number, cooldownMs = 0) =>
  defineRule({
    name: 'cold-and-empty',
    per: home,
    cooldownMs,
    watch: { home, thermostats: each(thermostat, { pick: ['localTemperature'] }) },
    when: {
      nobodyHome: ({ home: { occupants } }) => occupants === 0,
      cold: ({ thermostats }) =>
        thermostats.some(({ state }) => (state.localTemperature ?? Infinity) < belowCelsius),
    },
    emit: ({ thermostats }) =>
      thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 18 })),
  });

/** Somebody comes home: make it comfortable, and say so on the displays. */
export const welcomeBack = defineRule({
  name: 'welcome-back',
  per: home,
  watch: { home, thermostats: each(thermostat, { pick: [] }) },
  when: { somebodyHome: ({ home: { occupants } }) => occupants > 0 },
  emit: ({ thermostats }) =>
    thermostats.flatMap(({ subject }) => [
      thermostat.set(subject, { occupiedHeatingSetpoint: 21 }),
      thermostat.commands.show(subject, { text: 'Welcome home' }),
    ]),
});

/** What each thermostat has measured since the beginning. It counts every reading once, whatever crashes in between. */
export const diary = defineHandler({
  name: 'diary',
  state: z.object({
    readings: z.number(),
    coldest: z.number().nullable(),
    warmest: z.number().nullable(),
  }),
  initial: { readings: 0, coldest: null, warmest: null },
}).on(thermostat.events.temperature, ({ state, event: { data } }) => ({
  state: {
    readings: state.readings + 1,
    coldest: Math.min(state.coldest ?? Infinity, data.celsius),
    warmest: Math.max(state.warmest ?? -Infinity, data.celsius),
  },
}));

export const app = defineApp({
  source: 'urn:acme:home',
  // A room that was away and comes back cold must not make it decide again what is wished for already.
  parts: [thermostat, home, coldAndEmpty(15.5, 10_000), welcomeBack, diary],
});

/** The app for a recorded room, where nothing but cold and emptiness is decided about. */
export const recordedApp = (belowCelsius: number) =>
  defineApp({ source: 'urn:acme:home', parts: [thermostat, home, coldAndEmpty(belowCelsius)] });
