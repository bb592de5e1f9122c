import { isDocument, type Document } from '../twin/document.ts';
import type { Answered, Commands, Ended } from './command.ts';
import {
  answered,
  connected,
  disconnected,
  emptied,
  emptyQueue,
  endOf,
  given,
  isFull,
  nextUntil,
  overdue,
  sendable,
  type CommandQueue,
  type OpenCommand,
  type QueueLimits,
} from './command-queue.ts';
import { eventDef, type Draft, type EventDef, type EventType, type Incoming } from './event.ts';
import {
  handlerOf,
  ownSubject,
  type Handler,
  type Outcome,
  type StepInput,
  type Subscription,
} from './handler.ts';
import { anything, check, type Schema } from './schema.ts';
import { forgotten, meantFor, standing, type Standing } from './standing.ts';
import { schemaOf, wrong, type Presence } from './twin-schemas.ts';

type Input<D = never> = StepInput<CommandQueue, Incoming<string, D>, unknown>;

/** The event types of followed commands. */
export interface FollowedEvents {
  readonly request: EventDef;
  readonly answered: EventDef;
  readonly ended: EventDef;
  readonly overdue: EventDef;
  readonly presence: EventDef;
}

/** A device whose commands are followed. */
export interface FollowedDevice extends QueueLimits {
  readonly type: string;
  readonly commands: Commands;
  readonly defs: Readonly<Record<string, EventDef>>;
  readonly events: FollowedEvents;
}

/** The name of the handler that keeps a device's connection and follows its commands. */
const followerOf = (type: string): string => `${type}.connection`;

/** The event types of a device's followed commands. */
export function followedEvents(type: string): FollowedEvents {
  const def = (name: string, data: Schema, nature: Partial<EventType> = {}) =>
    eventDef({ type: `${type}.${name}`, data, older: [], ...nature });
  const madeBy = followerOf(type);
  return {
    request: def('request', anything, { madeBy }),
    answered: def('answered', answer, { unplaced: true }),
    ended: def('ended', anything, { madeBy }),
    overdue: def('overdue', anything, { madeBy }),
    presence: def('presence', anything, { madeBy, quiet: true }),
  };
}

const statuses = ['inProgress', 'succeeded', 'failed', 'rejected'];

const answer = schemaOf<Answered>((value) => {
  if (!isDocument(value)) return wrong('must be an object');
  const { command, status, code } = value;
  if (typeof command !== 'string') return wrong('must be the id of a command', 'command');
  if (!statuses.includes(status as string))
    return wrong(`must be one of ${statuses.join(', ')}`, 'status');
  if (code !== undefined && (typeof code !== 'string' || code.length > 200))
    return wrong('must be a text of at most 200 characters', 'code');
  return { value: value as unknown as Answered };
});

/**
 * The handler that keeps a device's connection and follows its commands: it has a record of each device that was given one, or of which
 * somebody tells when it is there.
 */
export function commandHandler(
  device: FollowedDevice,
  presence: { readonly connected: EventDef; readonly disconnected: EventDef },
): Handler<CommandQueue> {
  const { events, commands, defs } = device;
  const on = (event: EventType, step: unknown, more: Partial<Subscription> = {}) =>
    [
      event.type,
      { event, step: step as Subscription['step'], subjectOf: ownSubject, ...more },
    ] as const;
  const unlessBarred =
    <D>(step: (input: Input<D>) => Outcome<CommandQueue>) =>
    (input: Input<D>) =>
      input.state.barred === undefined ? step(input) : { reject: { code: input.state.barred } };
  const fromRegistry = { from: ['app', 'service'] as const, subjectOf: meantFor(device.type) };
  const followed = Object.entries(defs).map(([name, event]) =>
    on(
      event,
      unlessBarred((input: Input) => take(device, name, input)),
      {
        from: ['app', ...(commands[name]?.allow ?? commanders)],
      },
    ),
  );
  return handlerOf<CommandQueue>(
    {
      name: followerOf(device.type),
      state: anything,
      initial: emptyQueue,
      trusted: true,
      tags: ({ session }: CommandQueue) => (session === null ? {} : { online: 'yes' }),
    },
    new Map([
      ...followed,
      on(
        events.answered,
        unlessBarred((input: Input<Answered>) => listen(device, input)),
      ),
      on(events.overdue, (input: Input) => giveUp(device, input), { internal: true }),
      on(
        presence.connected,
        unlessBarred(({ state, event, now }: Input<Presence>) =>
          settled(device, event.subject, state, connected(state, event.data.session, now)),
        ),
      ),
      on(presence.disconnected, ({ state, event }: Input<Presence>) =>
        settled(device, event.subject, state, disconnected(state, event.data.session)),
      ),
      on(standing, (input: Input<Standing>) => stand(device, input), fromRegistry),
      on(
        forgotten,
        (input: Input) => (input.state.open.length === 0 ? {} : cancel(device, input, input.state)),
        fromRegistry,
      ),
    ]),
  );
}

const commanders = ['service', 'user', 'hub'] as const;

function take(
  device: FollowedDevice,
  name: string,
  { state, event, now }: Input,
): Outcome<CommandQueue> {
  const { id, subject, data, expirytime, correlationid: question = id } = event;
  const longest = now + (device.commands[name]?.expiresMs ?? 0);
  const until = Math.min(longest, expirytime === undefined ? longest : Date.parse(expirytime));
  if (until <= now) return { reject: { code: 'expired' } };
  if (isFull(state)) return { reject: { code: 'too-many-commands' } };
  const partition = event.partitionkey ?? subject;
  return settled(
    device,
    subject,
    state,
    given(state, { id, name, data, until, question, partition }),
  );
}

function listen(device: FollowedDevice, { state, event }: Input<Answered>): Outcome<CommandQueue> {
  const { subject, data } = event;
  const found = answered(state, data);
  if (found === undefined) return {};
  const { queue, command } = found;
  if (data.status === 'inProgress') return { state: queue };
  const { status, code } = data;
  const schema = device.commands[command.name]?.result ?? anything;
  const checked = status === 'succeeded' ? check(schema, data.result) : { value: undefined };
  if (checked.issue !== undefined) {
    const { at, message } = checked.issue;
    return { reject: { code: 'invalid-data', data: { field: `data.result.${at}`, message } } };
  }
  const end = endOf(command, {
    status,
    ...(code === undefined ? {} : { code }),
    ...(checked.value === undefined ? {} : { result: checked.value }),
  });
  const next = settled(device, subject, state, queue);
  return {
    ...next,
    emit: [ended(device, subject, command, end), ...next.emit],
    reply: end,
    replyTo: command.question,
  };
}

function giveUp(device: FollowedDevice, { state, event, now }: Input): Outcome<CommandQueue> {
  const { queue, over } = overdue(state, now);
  const { subject } = event;
  const next = settled(device, subject, state, queue);
  const ends = over.map((command) => ended(device, subject, command, endOf(command)));
  return { ...next, emit: [...ends, ...next.emit] };
}

/** Nothing is asked of a device that is barred, and what was asked of it has ended. */
function stand(device: FollowedDevice, input: Input<Standing>): Outcome<CommandQueue> {
  const { state, event } = input;
  const { barred } = event.data;
  if (barred === (state.barred ?? null)) return {};
  const { barred: _, ...free } = state;
  return barred === null ? { state: free } : cancel(device, input, { ...free, barred });
}

/** Ends all commands: those that were sent may have been done. */
function cancel(
  device: FollowedDevice,
  { state, event }: Pick<Input<unknown>, 'state' | 'event'>,
  after: CommandQueue,
): Outcome<CommandQueue> {
  const ends = state.open.map((command) =>
    ended(device, event.subject, command, { ...endOf(command), code: 'cancelled' }),
  );
  const next = settled(device, event.subject, state, emptied(after));
  return { ...next, emit: [...ends, ...next.emit] };
}

function ended(device: FollowedDevice, subject: string, command: OpenCommand, end: Ended): Draft {
  return device.events.ended(subject, end, { key: command.id, partition: command.partition });
}

/** Sends what may be sent now, and sets the timer for what ends next. */
function settled(
  device: FollowedDevice,
  subject: string,
  before: CommandQueue,
  after: CommandQueue,
): Outcome<CommandQueue> & { readonly emit: readonly Draft[] } {
  if (after === before) return { emit: [] };
  const { queue, sent } = sendable(after, device);
  const isOnline = queue.session !== null;
  const isNews = isOnline !== (before.session !== null);
  const news = isNews ? [device.events.presence(subject, { online: isOnline })] : [];
  const requests = sent.map((command) => ({
    ...device.events.request(subject, requestOf(command), {
      key: command.id,
      partition: command.partition,
    }),
    expires: command.until,
  }));
  const emit = [...news, ...requests];
  return { state: queue, emit, ...timerOf(device, subject, before, queue) };
}

const requestOf = ({ id, name, data, until }: OpenCommand): Document => ({
  command: id,
  name,
  data,
  until: new Date(until).toISOString(),
});

const timerKey = 'overdue';

function timerOf(
  device: FollowedDevice,
  subject: string,
  before: CommandQueue,
  after: CommandQueue,
): Pick<Outcome, 'timers' | 'cancel'> {
  const at = nextUntil(after);
  if (at === nextUntil(before)) return {};
  if (at === undefined) return { cancel: [timerKey] };
  return { timers: [{ key: timerKey, at, event: device.events.overdue(subject, {}) }] };
}
