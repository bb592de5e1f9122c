import {
  defineApp,
  defineCall,
  defineDevice,
  defineEvent,
  defineHandler,
  type Draft,
  type Outcome,
} from '@hearth/core';
import * as z from 'zod';

/** What a thermostat can be set to, °C. */
export const range = { minCelsius: 10, maxCelsius: 32 };

const thermostatStatus = z.object({
  celsius: z.number().nullable(),
  setpointCelsius: z.number(),
  mode: z.enum(['off', 'heat']),
});

/** A thermostat that sleeps most of the time. Temperatures are in °C. */
export const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: thermostatStatus,
  initial: { celsius: null, setpointCelsius: 20, mode: 'heat' },
  writable: z.object({
    setpointCelsius: z.number().min(range.minCelsius).max(range.maxCelsius),
  }),
  reports: { status: { data: thermostatStatus, apply: (status, set) => set(status) } },
});

const lockStatus = z.object({ isLocked: z.boolean(), isJammed: z.boolean() });

/** A lock. It turns at once or not at all, so it has commands and no wishes. */
export const lock = defineDevice({
  type: 'com.acme.lock',
  state: lockStatus,
  initial: { isLocked: false, isJammed: false },
  reports: { status: { data: lockStatus, apply: (status, set) => set(status) } },
  commands: {
    turn: { data: z.object({ isLocked: z.boolean() }), expiresMs: 30_000 },
    sayStatus: { data: z.object({}), expiresMs: 30_000 },
  },
});

/** What a device has last said of itself, in the words of no vendor. */
export const status = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('thermostat'), at: z.number(), ...thermostatStatus.shape }),
  z.object({ kind: z.literal('lock'), at: z.number(), ...lockStatus.shape }),
]);
export type Status = z.infer<typeof status>;

/** What somebody wants of a device. */
export const wants = z.discriminatedUnion('what', [
  z.object({ what: z.literal('status') }),
  z.object({ what: z.literal('setpoint'), celsius: z.number() }),
  z.object({ what: z.literal('locked'), is: z.boolean() }),
]);
export type Wants = z.infer<typeof wants>;

/** Whom to tell later, in the words of a vendor; nobody here looks into it. */
const later = z.record(z.string(), z.string());

export const asked = defineEvent('com.acme.voice.asked', z.object({ wants, later }));
/** The answer did not come in time, and whoever asked has been told so. */
export const deferred = defineEvent(
  'com.acme.voice.deferred',
  z.object({ question: z.string(), later }),
);
const waited = defineEvent('com.acme.voice.waited', z.object({ question: z.string() }));

/** Tells a vendor's cloud: an answer that comes late (`to` who asked), or that a device has changed. */
export const tell = defineCall({
  type: 'com.acme.voice.tell',
  request: z.object({ to: later.nullable(), status: status.nullable() }),
  result: z.object({}),
  timeoutMs: 5000,
  attempts: 3,
});

const open = z.object({
  question: z.string(),
  wants,
  later,
  isDeferred: z.boolean(),
  at: z.number(),
});
type Open = z.infer<typeof open>;
const state = z.object({ status: status.nullable(), open: z.array(open) });
type State = z.infer<typeof state>;

/** How fresh a status must be to be told without asking the device, and how long a device may take. */
const freshMs = 60_000;
export const patienceMs = 120_000;

/** What a device was asked and has not yet answered. */
export const conversation = defineHandler({
  name: 'conversation',
  state,
  initial: { status: null, open: [] },
})
  .on(asked, ({ state: known, event, now }): Outcome<State> => {
    const { subject, data } = event;
    if (known.status === null) return { reject: { code: 'unreachable' } };
    const refusal = refusalOf(known.status, data.wants);
    if (refusal !== undefined) return { reject: refusal };
    const isFresh = now - known.status.at <= freshMs || known.status.kind === 'thermostat';
    if (isFresh && isMet(known.status, data.wants)) return { reply: known.status };
    const question = event.correlationid ?? event.id;
    const one: Open = { question, ...data, isDeferred: false, at: now };
    return {
      state: { ...known, open: [...known.open, one].slice(-8) },
      timers: [{ key: question, at: now + patienceMs, event: waited(subject, { question }) }],
      emit: requestOf(subject, data.wants),
    };
  })
  .on(thermostat.events.status, ({ state: known, event, now }) =>
    hear(known, event.subject, { kind: 'thermostat', at: now, ...event.data }),
  )
  .on(lock.events.status, ({ state: known, event, now }) =>
    hear(known, event.subject, { kind: 'lock', at: now, ...event.data }),
  )
  .on(deferred, ({ state: known, event: { data, subject } }) => {
    const isOpen = known.open.some(({ question }) => question === data.question);
    // It may have been answered just when nobody waited any more.
    if (!isOpen) return { emit: tell(subject, { to: data.later, status: known.status }) };
    const defer = (one: Open) =>
      one.question === data.question ? { ...one, isDeferred: true } : one;
    return { state: { ...known, open: known.open.map(defer) } };
  })
  .on(waited, ({ state: known, event: { data, subject } }) => ({
    state: { ...known, open: known.open.filter(({ question }) => question !== data.question) },
    emit: known.open
      .filter(({ question, isDeferred }) => isDeferred && question === data.question)
      .map(({ later: to }) => tell(subject, { to, status: null })),
  }));

/** A device has said something: who waited for that gets an answer, and the vendors hear of what is new. */
function hear({ status: before, open: all }: State, subject: string, now: Status) {
  const met = all.filter((one) => isMet(now, one.wants));
  const late = met.filter(({ isDeferred }) => isDeferred);
  const isNews = JSON.stringify({ ...before, at: 0 }) !== JSON.stringify({ ...now, at: 0 });
  return {
    state: { status: now, open: all.filter((one) => !met.includes(one)) },
    reply: now,
    replyTo: met.filter((one) => !late.includes(one)).map(({ question }) => question),
    cancel: met.map(({ question }) => question),
    emit: [
      ...late.map(({ later: to, question }) =>
        tell(subject, { to, status: now }, { key: question }),
      ),
      ...(isNews ? [tell(subject, { to: null, status: now }, { key: 'news' })] : []),
    ],
  };
}

function refusalOf(now: Status, wish: Wants) {
  const isSetpoint = wish.what === 'setpoint';
  const isFor = { status: now.kind, setpoint: 'thermostat', locked: 'lock' }[wish.what];
  if (isFor !== now.kind) return { code: 'not-supported' };
  if (isSetpoint && !(wish.celsius >= range.minCelsius && wish.celsius <= range.maxCelsius))
    return { code: 'out-of-range', data: range };
  if (isSetpoint && now.kind === 'thermostat' && now.mode === 'off') return { code: 'is-off' };
  return undefined;
}

/** A jammed lock is an answer, too. */
function isMet(now: Status, wish: Wants): boolean {
  if (wish.what === 'status') return true;
  if (now.kind === 'thermostat')
    return wish.what === 'setpoint' && Math.abs(now.setpointCelsius - wish.celsius) <= 0.25;
  return now.isJammed || (wish.what === 'locked' && now.isLocked === wish.is);
}

function requestOf(subject: string, wish: Wants): Draft {
  if (wish.what === 'setpoint') return thermostat.set(subject, { setpointCelsius: wish.celsius });
  if (wish.what === 'locked') return lock.commands.turn(subject, { isLocked: wish.is });
  return lock.commands.sayStatus(subject, {});
}

export const app = defineApp({
  source: 'urn:acme:home',
  parts: [thermostat, lock, conversation, tell],
});

/** What devices say on which topics. */
export const reports = {
  'thermostat/{device}/status': { type: thermostat.events.status.type },
  'lock/{device}/status': { type: lock.events.status.type },
};
