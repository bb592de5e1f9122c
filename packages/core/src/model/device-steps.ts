import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { bound, type Lives } from './binding.ts';
import type { Events, LooseDevice } from './device-events.ts';
import type { DeviceState } from './device.ts';
import type { Draft, EventDef, EventType, Incoming } from './event.ts';
import {
  handlerOf,
  ownSubject,
  type Handler,
  type Outcome,
  type Rejection,
  type StepInput,
  type Subscription,
} from './handler.ts';
import { changesOf, same } from './patch.ts';
import { check, checkPatch, shapeOf, type Schema } from './schema.ts';

type Values = Readonly<Record<string, unknown>>;
type State = DeviceState<Values, Values>;
type Input = StepInput<State, Incoming<string, never>, unknown>;

const wishers = ['app', 'service', 'user'] as const;
const registrars = ['app', 'service'] as const;
const commanders = ['user', 'service', 'hub'] as const;

/** The handler that keeps a device's record. */
export function deviceHandler(
  device: LooseDevice,
  events: Events,
  commands: Events,
): Handler<State> {
  const { type, initial, tags, migrate = {} } = device;
  const on = (
    event: EventType | undefined,
    step: (input: Input) => Outcome<State>,
    more: Partial<Subscription> = {},
  ) => {
    const known = event as EventType;
    return [
      known.type,
      { event: known, step: step as Subscription['step'], subjectOf: ownSubject, ...more },
    ] as const;
  };
  const reports = Object.entries(device.reports ?? {}).map(([name, { apply }]) =>
    on(events[name], (input) => {
      const { patch } = apply(input.event.data, setPatch, input.state.reported);
      return report(device, events, input, patch);
    }),
  );
  const say = (announce: boolean) => (input: Input) =>
    report(device, events, input, input.event.data, 'reject', announce);
  return handlerOf<State>(
    {
      name: type,
      state: keptOf(device),
      trusted: true,
      initial: { reported: initial, desired: {}, desiredRev: 0, home: null, known: false },
      migrate: Object.fromEntries(Object.entries(migrate).map(([from, up]) => [from, upgrade(up)])),
      ...(device.version === undefined ? {} : { version: device.version }),
      ...(device.formerly === undefined ? {} : { formerly: device.formerly }),
      tags: ({ reported, home }: State) => ({
        ...tags?.(reported as never),
        ...(home === null ? {} : { home }),
      }),
    },
    new Map([
      ...reports,
      on(events['reported'], say(false)),
      on(events['imported'], say(true), { from: registrars }),
      on(events['set'], (input) => wish(device, events, input), { from: wishers }),
      ...Object.values(commands).map((command) =>
        on(command, (input) => pass(command, input), { from: commanders, incoming: true }),
      ),
      on(bound, (input) => bind(type, events, input), {
        from: registrars,
        subjectOf: (event) => (isFor(type, event.data) ? event.subject : undefined),
      }),
    ]),
  );
}

/** The schema of what is kept, of which only the reported state is the user's: migrations are held to it. */
function keptOf({ state }: LooseDevice): Schema {
  const validate = (value: unknown): StandardSchemaV1.Result<unknown> => {
    const { issue } = check(state, (value as State).reported);
    return issue === undefined
      ? { value }
      : { issues: [{ message: issue.message, path: issue.at.split('.') }] };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}

const setPatch = (patch: Values) => ({ patch });

const upgrade = (up: (state: never) => unknown) => (state: State) => ({
  ...state,
  reported: up(state.reported as never),
});

function isFor(type: string, data: unknown): boolean {
  const { model } = data as Lives;
  return model === undefined || model === type;
}

/** What does not fit what is known already: the mistake of whoever said it, or a bug in `apply`. */
export function misfit(
  whose: 'reject' | 'throw',
  what: string,
  { at, message }: { readonly at: string; readonly message: string },
): { readonly reject: Rejection } {
  if (whose === 'reject')
    return { reject: { code: 'invalid-data', data: { field: `data.${at}`, message } } };
  throw new HearthError('invalid-state', `${what} would set "${at}": ${message}`, { field: at });
}

function report(
  device: LooseDevice,
  events: Events,
  { state, event }: Input,
  patch: Values,
  otherwise: 'reject' | 'throw' = 'throw',
  announce = false,
): Outcome<State> {
  const changes = changesOf(state.reported, patch);
  if (changes === undefined && state.known && !announce) return {};
  const checked = checkPatch(device.state, changes ?? {}, state.reported);
  if (checked.issue !== undefined) return misfit(otherwise, `"${event.type}"`, checked.issue);
  const reported = changes === undefined ? state.reported : { ...state.reported, ...checked.value };
  return {
    state: { ...state, reported, known: true },
    emit: changed(events, event.subject, reported, state.home),
  };
}

function changed(
  events: Events,
  subject: string,
  reported: Values,
  home: string | null,
): readonly Draft[] {
  const draft = events['changed']?.(subject, reported, { partition: home ?? subject });
  return draft === undefined ? [] : [draft];
}

function wish(device: LooseDevice, events: Events, { state, event }: Input): Outcome<State> {
  const wishes: Values = event.data;
  const desired: Record<string, unknown> = { ...state.desired };
  for (const [name, value] of Object.entries(wishes)) {
    if (value === null) delete desired[name];
    else desired[name] = value;
  }
  if (same(desired, state.desired)) return {};
  const { issue } = checkWishes(device, desired, state.reported);
  if (issue !== undefined) return misfit('reject', `"${event.type}"`, issue);
  const desiredRev = state.desiredRev + 1;
  const open = changesOf(state.reported, desired);
  const next: State = { ...state, desired, desiredRev, known: true };
  const { subject } = event;
  const draft = events['desired']?.(
    subject,
    { desired: open ?? {}, desiredRev },
    { partition: state.home ?? subject },
  );
  return { state: next, emit: draft ?? [] };
}

/** How wishes go together with each other, and with what is reported of the writable properties that nobody wishes for. */
function checkWishes({ writable }: LooseDevice, desired: Values, reported: Values) {
  if (writable === undefined) return { issue: undefined };
  const shape = shapeOf(writable);
  const others = Object.entries(reported).filter(([name]) =>
    Object.hasOwn(shape ?? reported, name),
  );
  return checkPatch(writable, desired, Object.fromEntries(others));
}

/** Passes a command on to the device. It leaves no trace in the state, and is not sent when its giver's time is over. */
function pass(command: EventDef, { state, event, now }: Input): Outcome<State> {
  const { subject, data, expirytime } = event;
  if (expirytime !== undefined && Date.parse(expirytime) <= now)
    return { reject: { code: 'expired' } };
  return { emit: command(subject, data, { partition: state.home ?? subject }) };
}

function bind(type: string, events: Events, { state, event }: Input): Outcome<State> {
  const { home } = event.data as Lives;
  if (home === state.home) return {};
  if (home === event.subject)
    return { reject: { code: 'invalid-data', data: `A "${type}" cannot live in itself.` } };
  const left =
    state.home === null || !state.known
      ? undefined
      : events['left']?.(event.subject, { home: state.home }, { partition: state.home });
  const arrived = state.known ? changed(events, event.subject, state.reported, home) : [];
  return { state: { ...state, home }, emit: [...(left === undefined ? [] : [left]), ...arrived] };
}
