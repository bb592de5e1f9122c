import { HearthError } from '../event/error.ts';
import { bound, type Lives } from './binding.ts';
import type { DeviceState } from './device.ts';
import { eventDef, type Draft, type EventDef, type Incoming } from './event.ts';
import {
  handlerOf,
  ownSubject,
  type Handler,
  type Outcome,
  type StepInput,
  type Subscription,
} from './handler.ts';
import { changesOf, same } from './patch.ts';
import { anything, checkPatch, partial, shapeOf, type Schema } from './schema.ts';

type Values = Readonly<Record<string, unknown>>;
type State = DeviceState<Values, Values>;
type Input = StepInput<State, Incoming<string, never>, unknown>;
type Events = Readonly<Record<string, EventDef>>;

/** A report, whatever its data. */
export interface LooseReport {
  readonly data: Schema;
  readonly apply: (
    data: never,
    set: (patch: Values) => { readonly patch: Values },
    state: Values,
  ) => { readonly patch: Values };
}

/** A device's description, whatever its properties. */
export interface LooseDevice {
  readonly type: string;
  readonly state: Schema<Values>;
  readonly initial: Values;
  readonly writable?: Schema<Values>;
  readonly reports: Readonly<Record<string, LooseReport>>;
  readonly commands?: Readonly<
    Record<string, { readonly data: Schema; readonly expiresMs: number }>
  >;
  readonly version?: number;
  readonly migrate?: Readonly<Record<number, (state: never) => unknown>>;
  readonly formerly?: string;
  readonly tags?: (state: never) => Readonly<Record<string, string>>;
}

const wishers = ['app', 'service', 'user'] as const;
const registrars = ['app', 'service'] as const;

/** The event types of a device: its reports, and those that every device has. */
export function deviceEvents(device: LooseDevice): Events {
  const { type, state, writable = anything as Schema<Values>, initial } = device;
  const patch = partial(state, initial);
  const own: Readonly<Record<string, Schema>> = {
    set: partial(writable, initial, { removable: true }),
    reported: patch,
    imported: patch,
    changed: state,
    desired: anything,
    left: bound.data,
  };
  for (const name of [...Object.keys(device.reports), ...Object.keys(device.commands ?? {})]) {
    if (Object.hasOwn(own, name))
      refuse(`"${type}" cannot name a report or command "${name}": every device has it.`);
  }
  assertWritable(device);
  const reports = Object.entries(device.reports).map(([name, { data }]) => [name, data] as const);
  const made = { quiet: true, madeBy: type };
  return Object.fromEntries(
    [...reports, ...Object.entries(own)].map(([name, data]) => {
      const special = name === 'changed' || name === 'left' ? made : {};
      return [name, eventDef({ type: `${type}.${name}`, data, older: [], ...special })] as const;
    }),
  );
}

function refuse(message: string): never {
  throw new HearthError('invalid-definition', message);
}

function assertWritable({ type, state, writable }: LooseDevice): void {
  const [known, wished] = [shapeOf(state), writable === undefined ? undefined : shapeOf(writable)];
  for (const name of Object.keys(wished ?? {})) {
    if (known !== undefined && !Object.hasOwn(known, name)) {
      refuse(`"${type}" makes "${name}" writable, but its state has no such property.`);
    }
  }
}

/** The handler that keeps a device's record. */
export function deviceHandler(device: LooseDevice, events: Events): Handler<State> {
  const { type, initial, tags, migrate = {} } = device;
  const on = (
    name: string,
    step: (input: Input) => Outcome<State>,
    more: Partial<Subscription> = {},
  ) => {
    const event = events[name] ?? bound;
    return [
      event.type,
      { event, step: step as Subscription['step'], subjectOf: ownSubject, ...more },
    ] as const;
  };
  const reports = Object.entries(device.reports).map(([name, { apply }]) =>
    on(name, (input) =>
      report(device, events, input, apply(input.event.data, setPatch, input.state.reported).patch),
    ),
  );
  const taken = (input: Input) => report(device, events, input, input.event.data);
  return handlerOf<State>(
    {
      name: type,
      state: anything,
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
      on('reported', taken),
      on('imported', taken, { from: registrars }),
      on('set', (input) => wish(events, input), { from: wishers }),
      on('bound', (input) => bind(type, events, input), {
        from: registrars,
        subjectOf: (event) => (isFor(type, event.data) ? event.subject : undefined),
      }),
    ]),
  );
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

function report(device: LooseDevice, events: Events, input: Input, patch: Values): Outcome<State> {
  const { state, event } = input;
  const changes = changesOf(state.reported, patch);
  if (changes === undefined && state.known) return {};
  const checked = checkPatch(device.state, changes ?? {}, state.reported);
  if (checked.issue !== undefined) {
    const { at, message } = checked.issue;
    throw new HearthError(
      'invalid-state',
      `"${event.type}" would set "${at}" of "${device.type}": ${message}`,
      { field: at },
    );
  }
  const reported = changes === undefined ? state.reported : { ...state.reported, ...changes };
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

function wish(events: Events, { state, event }: Input): Outcome<State> {
  const wishes: Values = event.data;
  const desired: Record<string, unknown> = { ...state.desired };
  for (const [name, value] of Object.entries(wishes)) {
    if (value === null) delete desired[name];
    else desired[name] = value;
  }
  if (same(desired, state.desired)) return {};
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
