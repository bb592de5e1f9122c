import { defineApp, defineEvent, defineHandler, events, read, type Runtime } from '@hearth/core';
import type { DeadLetter } from '@hearth/core';
import type { CloudEvent } from '@hearth/core/event';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { simulatedClock } from '@hearth/testing';
import * as z from 'zod';
import { silent } from './deliveries.ts';

/** Adds up; fails for `by: 13`, and rejects 14. */
export const counted = defineEvent('com.acme.counted', z.object({ by: z.number() }));

const total = defineEvent('com.acme.total', z.object({ by: z.number() }));
const ticked = defineEvent('com.acme.ticked', z.object({}));

export const meter = defineHandler({
  name: 'meter',
  state: z.object({ sum: z.number(), ids: z.array(z.string()) }),
  initial: { sum: 0, ids: [] },
})
  .on(counted, ({ state, event, now }) => {
    const { by } = event.data;
    if (by === 13) throw new Error('A bug.');
    if (by === 14) return { reject: { code: 'not-today' } };
    const next = { sum: state.sum + by, ids: [...state.ids, event.id] };
    const due = { key: 'tick', at: now + 60_000, event: ticked(event.subject, {}) };
    return { state: next, emit: total(event.subject, { by: next.sum }), timers: [due] };
  })
  .on(ticked, ({ state }) => ({ state: { ...state, sum: 0 } }));

export const app = defineApp({ source: 'urn:acme:meters', parts: [meter, events(total)] });

/** What a trigger works on in a test, and looks at it. */
export function world(rest: Partial<Runtime> = {}) {
  const store = memoryStore();
  const [publisher, deadLetters] = [memoryPublisher(), memoryPublisher()];
  const clock = simulatedClock(Date.UTC(2024, 0, 1), { autoAdvance: true });
  return {
    store,
    publisher,
    deadLetters,
    clock,
    runtime: { store, publisher, deadLetters, clock, logger: silent, ...rest },
    state: async (subject = 'm1') => (await read({ store }, meter.ref(subject))).state,
    letters: () => deadLetters.published.map(({ event }) => event.data as DeadLetter),
    codes: () => deadLetters.published.map(({ event }) => (event.data as DeadLetter).code),
  };
}

/** A reading of a meter. */
export function reading(
  id: string,
  by: unknown = 1,
  subject = 'm1',
  rest: Partial<CloudEvent> = {},
): CloudEvent {
  const source = `urn:acme:meter:${encodeURIComponent(subject)}`;
  return { specversion: '1.0', id, source, type: counted.type, subject, data: { by }, ...rest };
}
