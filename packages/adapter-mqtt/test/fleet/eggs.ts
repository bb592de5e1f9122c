import { defineApp, defineEvent, defineHandler, events } from '@hearth/core';
import * as z from 'zod';

/** Somebody has wound an egg timer. */
export const wound = defineEvent('com.acme.egg.wound', z.object({ ms: z.number() }));

/** It rang, because of that. */
export const rang = defineEvent('com.acme.egg.rang', z.object({ because: z.string() }));

const because = z.object({ because: z.string() });
const ring = defineEvent('com.acme.egg.ring', because);
const bell = defineEvent('com.acme.egg.bell', because);

/** An egg timer that can be wound several times, and rings for each of them. */
const first = defineHandler({
  name: 'egg',
  state: z.object({ times: z.number() }),
  initial: { times: 0 },
})
  .on(wound, ({ event: { id, subject, data }, now }) => ({
    timers: [{ key: id, at: now + data.ms, event: ring(subject, { because: id }) }],
  }))
  .on(ring, ({ state, event: { subject, data } }) => ({
    state: { times: state.times + 1 },
    emit: rang(subject, data),
  }));

/** The same with another state, and with timers that the first release does not know. */
const second = defineHandler({
  name: 'egg',
  state: z.object({ rings: z.number(), tone: z.string() }),
  initial: { rings: 0, tone: 'a' },
  version: 2,
  migrate: { 1: ({ times }: { times: number }) => ({ rings: times, tone: 'a' }) },
})
  .on(wound, ({ event: { id, subject, data }, now }) => ({
    timers: [{ key: id, at: now + data.ms, event: bell(subject, { because: id }) }],
  }))
  .on([ring, bell], ({ state, event: { subject, data } }) => ({
    state: { ...state, rings: state.rings + 1 },
    emit: rang(subject, data),
  }));

const source = 'urn:acme:kitchen';

/** The app in its two releases. */
export const releases = {
  first: defineApp({ source, parts: [first, events(rang)] }),
  second: defineApp({ source, parts: [second, events(rang)] }),
};
