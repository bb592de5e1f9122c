import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { bound, type Lives } from './binding.ts';
import { forget, stand } from './device-standing.ts';
import type { Events, LooseDevice } from './device-events.ts';
import { changed, isKnown, keepsNull, settled, tooLarge, type DeviceTwin } from './device-twin.ts';
import { acknowledge, lapse, remind, show, wish } from './device-wishes.ts';
import type { EventDef, EventType, Incoming } from './event.ts';
import {
  handlerOf,
  ownSubject,
  type Handler,
  type Outcome,
  type Rejection,
  type StepInput,
  type Subscription,
} from './handler.ts';
import { checkNamed, togetherIn } from './partial.ts';
import { standsFor } from './personal.ts';
import { forgotten, meantFor, standing } from './standing.ts';
import { check, type Schema } from './schema.ts';
import { passOn } from './device-telemetry.ts';
import { withReport } from '../twin/twin.ts';

type Values = Readonly<Record<string, unknown>>;
type State = DeviceTwin;
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
    const open = more.from === registrars || more.internal === true ? step : unlessBarred(step);
    return [
      known.type,
      { event: known, step: open as Subscription['step'], subjectOf: ownSubject, ...more },
    ] as const;
  };
  const fromRegistry = { from: registrars, subjectOf: meantFor(type) };
  const reports = Object.entries(device.reports ?? {}).map(([name, { apply }]) =>
    on(events[name], (input) => {
      const { patch } = apply(input.event.data, setPatch, input.state.reported);
      return report(device, events, input, patch, 'by apply');
    }),
  );
  const telemetry = Object.keys(device.telemetry ?? {}).map((name) =>
    on(events[name], (input) => passOn(events['telemetry'] as EventDef, name, input)),
  );
  const say = (announce: boolean) => (input: Input) =>
    report(device, events, input, input.event.data, 'by the device', announce);
  return handlerOf<State>(
    {
      name: type,
      state: keptOf(device),
      trusted: true,
      initial: {
        reported: initial,
        desired: {},
        reportedRev: 0,
        desiredRev: 0,
        meta: {},
        home: null,
      },
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
      ...telemetry,
      on(events['reported'], say(false)),
      on(events['imported'], say(true), { from: registrars }),
      on(events['set'], (input) => wish(device, events, input), { from: wishers }),
      on(events['lapsed'], (input) => lapse(device, events, input), { internal: true }),
      on(events['acknowledged'], (input) => acknowledge(device, events, input)),
      on(events['connected'], (input) => remind(device, events, input)),
      on(events['get'], (input) => show(events, input)),
      ...Object.entries(commands).map(([name, command]) =>
        on(command, (input) => pass(command, input), {
          from: device.commands?.[name]?.allow ?? commanders,
          incoming: true,
        }),
      ),
      on(bound, (input) => bind(type, events, input), fromRegistry),
      on(standing, stand, fromRegistry),
      on(forgotten, (input) => forget(device, events, input), fromRegistry),
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
  const kept: Schema = { '~standard': { version: 1, vendor: 'hearth', validate } };
  return standsFor(kept, state, ['reported', 'desired']);
}

const setPatch = (patch: Values) => ({ patch });

const upgrade = (up: (state: never) => unknown) => (state: State) => ({
  ...state,
  reported: up(state.reported as never),
});

/** Nothing is taken from a device that is barred, or given to it, but what the registry says. */
function unlessBarred(step: (input: Input) => Outcome<State>): (input: Input) => Outcome<State> {
  return (input) =>
    input.state.barred === undefined ? step(input) : { reject: { code: input.state.barred } };
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
  { state, event, now }: Input,
  patch: Values,
  said: 'by the device' | 'by apply',
  announce = false,
): Outcome<State> {
  const next = withReport(state, patch, { now, sequence: event.sequence }, keepsNull(device));
  const isFirst = !isKnown(state);
  if (next === state && !isFirst && !announce) return {};
  const isChanged = next.reported !== state.reported;
  const reject = isChanged ? unfit(device, event.type, { state, next, patch, said }) : undefined;
  if (reject !== undefined) return { reject };
  const { subject } = event;
  // That the initial state is indeed so is news, and counts.
  const after = next.reportedRev > 0 ? next : { ...next, reportedRev: 1 };
  const outcome = settled(device, events, { before: state, after, subject });
  if (!isChanged && !isFirst && !announce) return outcome;
  const news = changed(events, subject, after.reported, state.home);
  return news.length === 0 ? outcome : { ...outcome, emit: [...news, ...outcome.emit] };
}

interface Merged {
  readonly state: State;
  readonly next: State;
  readonly patch: Values;
  readonly said: 'by the device' | 'by apply';
}

/** What is wrong with a merged state. What the device said in the model's own words was checked when it came, but for how it goes together. */
function unfit(
  device: LooseDevice,
  type: string,
  { state, next, patch, said }: Merged,
): Rejection | undefined {
  const isOwn = said === 'by the device';
  const names = isOwn ? togetherIn(device.state, patch, state.reported) : Object.keys(patch);
  const { issue } = checkNamed(device.state, names, next.reported);
  if (issue !== undefined) return misfit(isOwn ? 'reject' : 'throw', `"${type}"`, issue).reject;
  return tooLarge(device, state.reported, patch, next.reported);
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
    state.home === null || !isKnown(state)
      ? undefined
      : events['left']?.(event.subject, { home: state.home }, { partition: state.home });
  const arrived = isKnown(state) ? changed(events, event.subject, state.reported, home) : [];
  return { state: { ...state, home }, emit: [...(left === undefined ? [] : [left]), ...arrived] };
}
