import { defineApp, defineEvent, defineHandler, events, type Principal } from '@hearth/core';
import * as z from 'zod';

/** What a device reports. */
export const temperature = defineEvent(
  'com.acme.temperature',
  z.object({ celsius: z.number().min(-40).max(85) }),
);

/** What the emitting handler makes of it. */
export const alarm = defineEvent('com.acme.alarm', z.object({ celsius: z.number() }));

const state = z.object({ celsius: z.number(), count: z.number() });
const initial = { celsius: 0, count: 0 };

/** Keeps the last reading, and tells nobody. */
export const silent = defineHandler({ name: 'silent', state, initial }).on(
  temperature,
  (input) => ({ state: next(input) }),
);

/** Keeps the last reading, and emits one event for it. */
export const emitting = defineHandler({ name: 'emitting', state, initial }).on(
  temperature,
  (input) => ({
    state: next(input),
    emit: alarm(input.event.subject, { celsius: input.event.data.celsius }),
  }),
);

/** The states and readings of both handlers, for what is compared with them. */
export type State = typeof initial;

function next(input: {
  readonly state: State;
  readonly event: { readonly data: { celsius: number } };
}): State {
  return { celsius: input.event.data.celsius, count: input.state.count + 1 };
}

/** The same step without Hearth, with the same checks: of the reading, of the state, and of what is emitted. */
export function bareStep(last: State, data: unknown): State {
  const checked = temperature.data['~standard'].validate(data);
  if (!('value' in checked)) throw new Error('The reading does not fit.');
  const after = { celsius: checked.value.celsius, count: last.count + 1 };
  if ('issues' in state['~standard'].validate(after)) throw new Error('The state does not fit.');
  return after;
}

const source = 'urn:acme:home';

/** An app that answers one event with one event. */
export const emittingApp = defineApp({ source, parts: [emitting, events(alarm)] });

/** An app that answers nothing. */
export const silentApp = defineApp({ source, parts: [silent] });

/** Who speaks in all benchmarks. */
export const service: Principal = { kind: 'service', id: 'bench' };

/** The text of a structured event, the n-th of all and so with an id of its own, about one of `subjects` subjects in turn. */
export function structuredText(n: number, subjects: number): string {
  return `{"specversion":"1.0","id":"reading-${n}","source":"urn:acme:hub","type":"com.acme.temperature","subject":"t${n % subjects}","time":"2026-01-01T07:30:00.250Z","datacontenttype":"application/json","data":{"celsius":${15 + (n % 100) / 10}}}`;
}
