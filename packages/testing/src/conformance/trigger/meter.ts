import { defineApp, defineEvent, defineHandler, events } from '@hearth/core';
import { schemaOf } from '../plain-schema.ts';

/** What a reading says: how much was counted, and any other JSON. */
export interface Reading {
  readonly by: number;
  readonly note?: unknown;
}

/** A meter: its total, the ids of its readings in the order in which they were applied, and the last one as it was seen. */
export interface MeterState {
  readonly total: number;
  readonly applied: readonly string[];
  readonly last: unknown;
}

const isReading = (value: unknown): boolean =>
  typeof (value as Partial<Reading> | null)?.by === 'number';

const readingSchema = schemaOf<Reading>(isReading);

/** Adds to the total and is answered by `total`. */
export const counted = defineEvent('com.acme.meter.counted', readingSchema);

/** Is always rejected, with the code `not-today`. */
export const refused = defineEvent('com.acme.meter.refused', readingSchema);

/** Makes the step throw. */
export const broken = defineEvent('com.acme.meter.broken', readingSchema);

/** What the app emits for each reading. */
export const total = defineEvent('com.acme.meter.total', readingSchema);

/** The record of a meter; its subject is the meter's id. */
export const meter = defineHandler({
  name: 'meter',
  state: schemaOf<MeterState>(() => true),
  initial: { total: 0, applied: [], last: null },
})
  .on(counted, ({ state, event }) => {
    const sum = state.total + event.data.by;
    const applied = [...state.applied, event.id];
    return {
      state: { total: sum, applied, last: event },
      emit: total(event.subject, { by: sum }),
    };
  })
  .on(refused, () => ({ reject: { code: 'not-today' } }))
  .on(broken, () => {
    throw new Error('This step is broken.');
  });

/** The app that the trigger cases run. */
export const meters = defineApp({ source: 'urn:acme:meters', parts: [meter, events(total)] });
