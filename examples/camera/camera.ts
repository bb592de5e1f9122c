import { defineApp, defineCall, defineEvent, defineHandler } from '@hearth/core';
import * as z from 'zod';

const minuteMs = 60_000;

/** Clips closer together than this are one incident; after a message, people are left in peace for so long. */
export const mergeMs = 2 * minuteMs;
export const cooldownMs = 15 * minuteMs;

const clip = z.object({ clip: z.string().min(1) });
const ofIncident = z.object({ clip: z.string(), incident: z.string() });

/** A camera has stored a clip. */
export const clipStored = defineEvent('com.acme.camera.clip-stored', clip);
/** Somebody has followed the link of a message. */
export const opened = defineEvent('com.acme.camera.opened', z.object({ incident: z.string() }));

/** Says what is to be seen: `person`, `pet`, `nothing`, … */
export const classify = defineCall({
  type: 'com.acme.classify',
  request: ofIncident,
  result: z.object({ label: z.string() }),
  timeoutMs: 4000,
  attempts: 2,
});

/** Hands a message over to somebody's phone. */
export const push = defineCall({
  type: 'com.acme.push',
  request: z.object({ incident: z.string(), text: z.string(), path: z.string() }),
  result: z.object({}),
  timeoutMs: 5000,
  attempts: 3,
});

/** Makes a link to a clip that works for a short time. */
export const sign = defineCall({
  type: 'com.acme.sign',
  request: clip,
  result: z.object({ url: z.string() }),
  timeoutMs: 2000,
  attempts: 1,
});

/** An incident has the name of its first clip; `shows` is the one that is worth looking at. */
const incident = z.object({
  id: z.string(),
  shows: z.string(),
  clips: z.number(),
  lastAt: z.number(),
});

const state = z.object({
  /** The last incidents, the newest first. */
  incidents: z.array(incident),
  /** The last incident of which somebody was told, or is being told. */
  told: z.string().nullable(),
  isTelling: z.boolean(),
  quietUntil: z.number(),
});
type State = z.infer<typeof state>;

/** What a camera has seen, and whom it has told. */
export const watch = defineHandler({
  name: 'watch',
  state,
  initial: { incidents: [], told: null, isTelling: false, quietUntil: 0 },
})
  .on(clipStored, ({ state: { incidents, ...rest }, event, now }) => {
    const [last, ...older] = incidents;
    const merges = last !== undefined && now - last.lastAt <= mergeMs;
    const one = merges
      ? { ...last, clips: last.clips + 1, lastAt: now }
      : { id: event.data.clip, shows: event.data.clip, clips: 1, lastAt: now };
    return {
      state: { ...rest, incidents: [one, ...(merges ? older : incidents)].slice(0, 10) },
      emit: classify(event.subject, { clip: event.data.clip, incident: one.id }),
    };
  })
  .on(classify.done, ({ state: seen, event: { subject, data }, now }) =>
    data.result.label === 'nothing'
      ? {}
      : tell(seen, subject, data.request, `Seen: ${data.result.label}`, now),
  )
  // Better a message too many than none while the classifier is away.
  .on(classify.failed, ({ state: seen, event: { subject, data }, now }) =>
    tell(seen, subject, data.request, 'Something moved', now),
  )
  .on(push.done, ({ state: seen, now }) => ({
    state: { ...seen, isTelling: false, quietUntil: now + cooldownMs },
  }))
  .on(push.failed, ({ state: seen }) => ({ state: { ...seen, isTelling: false, told: null } }))
  .on(opened, ({ state: { incidents }, event: { subject, data } }) => {
    const known = incidents.find(({ id }) => id === data.incident);
    if (known === undefined) return { reject: { code: 'no-such-incident' } };
    return { emit: sign(subject, { clip: known.shows }) };
  })
  .on(sign.done, ({ event }) => ({ reply: event.data.result.url }))
  .on(sign.failed, () => ({ reject: { code: 'no-link-now' } }));

/** Tells of an incident once, and of none in the quiet time after a message that was handed over. */
function tell(
  seen: State,
  camera: string,
  { incident: id, clip: shows }: z.infer<typeof ofIncident>,
  text: string,
  now: number,
) {
  if (seen.isTelling || seen.told === id || now < seen.quietUntil) return {};
  const path = `/incidents/${[camera, id].map(encodeURIComponent).join('/')}`;
  const incidents = seen.incidents.map((one) => (one.id === id ? { ...one, shows } : one));
  return {
    state: { ...seen, incidents, told: id, isTelling: true },
    emit: push(camera, { incident: id, text, path }),
  };
}

export const app = defineApp({
  source: 'urn:acme:cameras',
  parts: [watch, classify, push, sign],
});
