import { defineApp, defineDevice, read, type Runtime } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import * as z from 'zod';

/** A thermostat that keeps every temperature it was told, in order; a temperature of 99 lets its step fail. */
export const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({ heard: z.array(z.number()), occupiedHeatingSetpoint: z.number() }),
  initial: { heard: [], occupiedHeatingSetpoint: 20 },
  writable: z.object({ occupiedHeatingSetpoint: z.number() }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply({ celsius }, set, { heard }) {
        if (celsius === 99) throw new Error('It burns.');
        return set({ heard: [...heard, celsius] });
      },
    },
  },
});

/** The app of the tests. */
export const app = defineApp({ source: 'urn:acme:home', parts: [thermostat] });

/** What plain payloads mean. */
export const topics = {
  'device/{device}/temperature': { type: 'com.acme.thermostat.temperature' },
  'device/{device}/events': {},
};

/** A runtime in memory, and a way to look at what a thermostat was told. */
export function world() {
  const store = memoryStore();
  const publisher = memoryPublisher();
  const deadLetters = memoryPublisher();
  const heard = async (subject: string) =>
    (await read({ store }, thermostat.ref(subject))).state.reported.heard;
  return { store, publisher, deadLetters, heard, logger: silent };
}

const nothing = () => undefined;

/** Logs nothing. */
export const silent: NonNullable<Runtime['logger']> = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};

/** A reading as a CloudEvent in structured mode. */
export function reading(device: string, id: string, celsius: number): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: `urn:acme:device:${device}`,
    type: 'com.acme.thermostat.temperature',
    subject: device,
    data: { celsius },
  });
}
