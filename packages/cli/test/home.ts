import { defineApp, defineDevice, defineHome, defineRule, each } from '@hearth/core';
import * as z from 'zod';

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

export const home = defineHome({
  type: 'com.acme.home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});

/** The app of the first screen, cold below `belowCelsius`. */
export function homeApp(belowCelsius: number) {
  const coldAndEmpty = defineRule({
    name: 'cold-and-empty',
    per: home,
    watch: { home, thermostats: each(thermostat) },
    when: {
      nobodyHome: ({ home: { occupants } }) => occupants === 0,
      cold: ({ thermostats }) =>
        thermostats.some(({ state }) => (state.localTemperature ?? 99) < belowCelsius),
    },
    emit: ({ thermostats }) =>
      thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 18 })),
  });
  return defineApp({ source: 'urn:acme:home', parts: [thermostat, home, coldAndEmpty] });
}

export const app = homeApp(15.5);
