import { defineApp, defineDevice, defineHome, defineRule, each } from '@hearth/core';
import { data, homeState, state, writable } from './first-schemas.ts';

/** The thermostat of the README. */
export const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state,
  initial: { localTemperature: null, occupiedHeatingSetpoint: 20 },
  writable,
  reports: {
    temperature: { data, apply: ({ celsius }, set) => set({ localTemperature: celsius }) },
  },
});

const home = defineHome({
  type: 'com.acme.home',
  state: homeState,
  initial: { occupants: 0 },
});

const coldAndEmpty = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) => thermostats.some((t) => (t.state.localTemperature ?? 20) < 15.5),
  },
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 18 })),
});

/** The app of the README. */
export const app = defineApp({ source: 'urn:acme:home', parts: [thermostat, home, coldAndEmpty] });
