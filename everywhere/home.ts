import {
  defineApp,
  defineDevice,
  defineEvent,
  defineHandler,
  defineHome,
  defineRule,
  each,
  type SpeaksFor,
} from '@hearth/core';
import * as z from 'zod';

/** A radiator thermostat with a small display. */
export const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({
    localTemperature: z.number().nullable(),
    humidity: z.number().nullable(),
    occupiedHeatingSetpoint: z.number(),
  }),
  initial: { localTemperature: null, humidity: null, occupiedHeatingSetpoint: 20 },
  writable: z.object({ occupiedHeatingSetpoint: z.number().min(5).max(35) }),
  reports: {
    climate: {
      data: z.object({ celsius: z.number().min(-40).max(85), humidity: z.number() }),
      apply: ({ celsius, humidity }, set) => set({ localTemperature: celsius, humidity }),
    },
  },
  commands: { show: { data: z.object({ text: z.string().max(40) }), expiresMs: 60_000 } },
});

/** The home as a whole: its panel knows how many people are there. */
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

const coldAndEmpty = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat, { pick: ['localTemperature'] }) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) =>
      thermostats.some(({ state }) => (state.localTemperature ?? Infinity) < 15.5),
  },
  emit: ({ thermostats }) =>
    thermostats.flatMap(({ subject }) => [
      thermostat.set(subject, { occupiedHeatingSetpoint: 18 }),
      thermostat.commands.show(subject, { text: 'Gone, and cold' }),
    ]),
});

const welcome = defineEvent('com.acme.home.welcome', z.object({ occupants: z.number() }));

const welcomeBack = defineRule({
  name: 'welcome-back',
  per: home,
  watch: { home },
  when: { somebodyHome: (seen) => seen.home.occupants > 0 },
  forMs: 20 * 60_000,
  cooldownMs: 4 * 3_600_000,
  emit: (seen, { subject }) => welcome(subject, { occupants: seen.home.occupants }),
});

const rung = defineEvent('com.acme.doorbell.rung', z.object({ finger: z.string() }));
const quiet = defineEvent('com.acme.doorbell.quiet', z.object({}));
const chimed = defineEvent('com.acme.doorbell.chimed', z.object({ times: z.number() }));

/** A doorbell by hand: it drops what is late, refuses a child's hand, and has been quiet when nobody rings for ten minutes. */
export const doorbell = defineHandler({
  name: 'doorbell',
  state: z.object({ times: z.number(), quietAt: z.number().nullable() }),
  initial: { times: 0, quietAt: null },
  tags: ({ times }) => ({ rung: times > 0 ? 'yes' : 'no' }),
  latestOnly: true,
})
  .on(rung, ({ state, event, now }) => {
    if (event.data.finger === 'tiny') return { reject: { code: 'too-small' } };
    const times = state.times + 1;
    const again = { key: 'quiet', at: now + 600_000, event: quiet(event.subject, {}) };
    return {
      state: { ...state, times },
      emit: chimed(event.subject, { times }),
      timers: [again],
      because: [event.data.finger],
    };
  })
  .on(quiet, ({ state, now }) => ({ state: { ...state, quietAt: now } }));

/** The app that is the same everywhere. It has no `reads`: then every way through the day must end alike. */
export const app = defineApp({
  source: 'urn:acme:home',
  parts: [thermostat, home, coldAndEmpty, welcomeBack, doorbell, welcome, chimed],
});

/** A device speaks for itself, a person for whatever is in the home, and a service for everything. */
export const speaksFor: SpeaksFor = ({ kind, id }, subject) => {
  if (kind === 'service') return true;
  return kind === 'user' ? subject.startsWith(`${id.split('@')[1]}-`) : id === subject;
};
