import {
  handle,
  isHearthError,
  sweep,
  type Clock,
  type DeadLetter,
  type Input,
  type Principal,
  type Runtime,
  type StateStore,
} from '@hearth/core';
import { memoryPublisher } from '@hearth/core/ports';
import { messageInput } from '@hearth/core/trigger';
import { logger } from '@hearth/node';
import type { TriggerMessage } from '@hearth/testing/conformance';
import type { CloudEvent } from '@hearth/core/event';
import type { Moment } from './day.ts';
import { app, speaksFor } from './home.ts';
import type { Running, Way } from './way.ts';

/** What there is when a day is over; everything must be the same, whichever way it came. */
export interface Ending {
  /** The whole text of every record, by key: state, inbox, decisions, timers, outbox. */
  readonly records: Readonly<Record<string, string>>;
  /** The bytes of all that was emitted. */
  readonly emitted: readonly string[];
  /** The dead letters, and of what is no event its code and text, also where it stays with its sender. */
  readonly letters: readonly string[];
  /** What every message was answered, repetitions included; senders that know nothing of one another have no order. */
  readonly answers: readonly string[];
}

/** How a day is lived. */
export interface Living {
  /** All that comes at one instant comes in one delivery. */
  readonly together?: boolean;
}

const silent = logger({ level: 'silent' });

/** Lives a day by one way on one store, which must be empty, and gives how it ended. */
export async function live(
  day: readonly Moment[],
  way: Way,
  store: StateStore,
  { together = false }: Living = {},
): Promise<Ending> {
  const clock = setClock();
  const at = world(store, clock);
  const running = await way.open(at.runtime);
  try {
    for (const moment of day) {
      clock.set(moment.at);
      for (const part of partsOf(moment.messages, way, together)) {
        await deliver(at, part.directly ? direct(at.runtime) : running, part);
      }
      if (moment.sweep === true) await (running.sweep?.() ?? sweep(app, at.runtime));
    }
  } finally {
    await running.close?.();
  }
  return endingOf(at);
}

interface Part {
  readonly messages: readonly TriggerMessage[];
  readonly directly: boolean;
}

/** Cuts what comes at one instant into deliveries, in order. */
function partsOf(messages: readonly TriggerMessage[], way: Way, together: boolean): Part[] {
  const parts: Part[] = [];
  for (const message of messages) {
    const directly = way.limits?.some(({ applies }) => applies(message)) ?? false;
    const last = parts.at(-1);
    if (together && last?.directly === directly)
      parts[parts.length - 1] = { directly, messages: [...last.messages, message] };
    else parts.push({ directly, messages: [message] });
  }
  return parts;
}

/** Delivers, and notes what the host was told at once. In a day without failures nothing comes again. */
async function deliver(at: World, running: Running, { messages }: Part): Promise<void> {
  const answers = await running.deliver(messages);
  messages.forEach((message, index) => {
    const answer = answers[index];
    if (typeof answer === 'object' && 'raw' in message) {
      at.refused.push(`${answer.refused} ${message.raw}`);
      at.answers.push(told(message.principal, 'rejected', answer.refused));
    } else if (answer !== 'acknowledged') {
      throw new Error(`${JSON.stringify(message)} was answered with ${JSON.stringify(answer)}.`);
    }
  });
}

const told = (
  { kind, id }: Principal,
  verdict: string,
  code = '',
  what = 'what is no event',
  isDouble = false,
): string => `${kind}:${id}: ${what}: ${verdict} ${code}${isDouble ? ' (again)' : ''}`.trim();

/** The way without a trigger, by which every other is judged. */
export const directWay: Way = { name: 'handle', batches: true, open: direct };

function direct(runtime: Runtime): Running {
  return {
    async deliver(messages) {
      const handled = await handle(app, messages.map(inputOf), runtime);
      return handled.map(({ verdict }) => (verdict === 'retry' ? 'redelivered' : 'acknowledged'));
    },
  };
}

/** Two workers without a trigger that are handed everything at the same moment, by a queue that has forgotten itself. */
export const twoWorkers: Way = {
  name: 'two workers',
  batches: true,
  open(runtime) {
    const [one, other] = [direct(runtime), direct({ ...runtime, store: { ...runtime.store } })];
    return {
      async deliver(messages) {
        const [answers] = await Promise.all([one.deliver(messages), other.deliver(messages)]);
        return answers;
      },
    };
  },
};

/** What is left of an ending when everything was told twice: what is known, and what was said at least once. */
export function once({ records, emitted, letters, answers }: Ending): Ending {
  const states = Object.entries(records).map(([key, body]) => {
    const { s: state, timers, why, out } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return [key, JSON.stringify({ state, timers, why, out })];
  });
  const distinct = (list: readonly string[]) => [...new Set(list)].toSorted();
  return {
    records: Object.fromEntries(states) as Ending['records'],
    emitted: distinct(emitted),
    letters: distinct(letters),
    answers: distinct(answers.map((answer) => answer.replace(/ \(again\)$/, '').trim())),
  };
}

function inputOf(message: TriggerMessage): Input {
  const { principal } = message;
  if ('event' in message) return { event: message.event, principal };
  return messageInput({ body: message.raw, sniff: true, principal });
}

function world(given: StateStore, clock: Clock) {
  const keys = new Set<string>();
  const answers: string[] = [];
  const refused: string[] = [];
  const publisher = memoryPublisher();
  const deadLetters = memoryPublisher();
  const store: StateStore = {
    capabilities: given.capabilities,
    load: (wanted) => given.load(wanted),
    due: (request) => given.due(request),
    query: (request) => given.query(request),
    erase: (writes) => given.erase(writes),
    save(writes) {
      for (const { key } of writes) keys.add(key);
      return given.save(writes);
    },
  };
  const runtime: Runtime = {
    store,
    publisher,
    deadLetters,
    clock,
    speaksFor,
    sweep: true,
    random: () => 0.5,
    logger: silent,
    answered({ event, principal, verdict, code, duplicate }) {
      const what = isHearthError(event) ? undefined : `${event.source} ${event.id}`;
      answers.push(told(principal, verdict, code, what, duplicate));
    },
  };
  return { runtime, keys, answers, refused, publisher, deadLetters };
}

type World = ReturnType<typeof world>;

async function endingOf({ runtime, keys, ...at }: World): Promise<Ending> {
  const sorted = [...keys].toSorted();
  const records = await runtime.store.load(sorted);
  return {
    records: Object.fromEntries(
      sorted.map((key, index) => [key, records[index]?.body ?? 'nothing']),
    ),
    emitted: at.publisher.published.map(({ body }) => body).toSorted(),
    letters: [
      ...at.deadLetters.published.map(({ event }) => letterOf(event)),
      ...at.refused,
    ].toSorted(),
    answers: at.answers.toSorted(),
  };
}

/** A dead letter as it is compared. */
function letterOf({ data, ...letter }: CloudEvent): string {
  const { event, raw, code } = data as DeadLetter;
  // Its id and time are those of the transport's message.
  if (event === undefined) return `${code} ${raw ?? ''}`;
  // Binary mode says of JSON that it is JSON.
  const { datacontenttype: _, ...rest } = event;
  return JSON.stringify({ ...letter, data: { ...(data as DeadLetter), event: rest } }, inOrder);
}

/** Attributes and properties may come in any order. */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function setClock() {
  let now = 0;
  const clock: Clock & { set(at: number): void } = {
    now: () => now,
    // Nobody waits here but between two tries, which take no time.
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    within: (_, work) => work(new AbortController().signal),
    set(at) {
      now = at;
    },
  };
  return clock;
}
