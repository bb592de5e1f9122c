import { defineApp, defineEvent, defineHandler, events } from '@hearth/core';
import * as z from 'zod';

const nothing = z.object({});

/** Somebody rang: counted, and told to the house. */
export const rung = defineEvent('com.acme.door.rung', nothing);
/** Is it locked? The answer is a reply. */
export const asked = defineEvent('com.acme.door.asked', nothing);
/** The key does not turn. */
export const jammed = defineEvent('com.acme.door.jammed', nothing);
/** The step of this has a bug. */
export const broken = defineEvent('com.acme.door.broken', nothing);
/** What the door says to the house. */
export const chimed = defineEvent('com.acme.door.chimed', z.object({ times: z.number() }));

/** A door that shows every verdict. */
export const door = defineHandler({
  name: 'door',
  state: z.object({ rings: z.number() }),
  initial: { rings: 0 },
})
  .on(rung, ({ state, event }) => ({
    state: { rings: state.rings + 1 },
    emit: chimed(event.subject, { times: state.rings + 1 }),
  }))
  .on(asked, ({ state }) => ({ reply: { rings: state.rings } }))
  .on(jammed, () => ({ reject: { code: 'jammed' } }))
  .on(broken, () => {
    throw new Error('a bug');
  });

/** The app of the tests. */
export const app = defineApp({ source: 'urn:acme:house', parts: [door, events(chimed)] });

/** An event about the door `d1`, as a sender makes it. */
export function eventOf(type: string, rest: Readonly<Record<string, unknown>> = {}) {
  return {
    specversion: '1.0',
    id: '1',
    source: 'urn:acme:d1',
    type,
    subject: 'd1',
    data: {},
    ...rest,
  };
}
