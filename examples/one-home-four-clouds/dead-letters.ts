import { serve } from '@hearth/adapter-knative';
import { defineApp, defineEvent, defineHandler } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { postgresDeadLetters } from '@hearth/store-postgres';
import * as z from 'zod';
import { broker } from './broker.ts';
import { home, thermostat } from './home.ts';
import { setting } from './settings.ts';

// What the trigger of the home lets through, whatever is in it.
const types = [
  thermostat.events.temperature,
  home.events.occupancy,
  { type: 'hearth.device.bound' },
];
const known = types.map(({ type }) => defineEvent(type, z.unknown()));

/** Refuses what the broker has given up, for what is refused is filed. */
const givenUp = defineHandler({ name: 'given-up', state: z.object({}), initial: {} }).on(
  known,
  ({ event }) => ({ reject: { code: 'given-up', data: event['knativeerrorcode'] } }),
);

await serve(defineApp({ source: 'urn:acme:home:broker', parts: [givenUp] }), {
  store: memoryStore(),
  publisher: memoryPublisher(),
  deadLetters: postgresDeadLetters({ connectionString: () => setting('DATABASE_URL') }),
  authenticate: broker,
});
