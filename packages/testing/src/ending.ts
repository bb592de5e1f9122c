import { read, type App, type CloudEvent, type Look } from '@hearth/core';
import type { Applied, MemoryStore, Outgoing } from '@hearth/core/ports';
import { differences } from './difference.ts';
import { line } from './story-report.ts';
import type { Sight } from './witness.ts';

/** How a story has ended. */
export interface Ending {
  readonly records: ReadonlyMap<string, Look<unknown>>;
  /** What was published, by id: the bytes. */
  readonly published: ReadonlyMap<string, string>;
  readonly letters: ReadonlyMap<string, CloudEvent>;
  /** For each record, the events in the order in which they first arrived, and last. */
  readonly arrivals: ReadonlyMap<string, Arrivals>;
  /** What is wrong whatever should have come out. */
  readonly faults: readonly string[];
}

interface Arrivals {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/** What a world holds when a story has ended. */
export interface Left {
  readonly app: App;
  readonly store: MemoryStore;
  readonly published: readonly Outgoing[];
  readonly letters: readonly CloudEvent[];
  readonly sights: readonly Sight[];
  readonly applied: readonly Applied[];
}

/** Looks at what is left. */
export async function endingOf(left: Left): Promise<Ending> {
  const { app, store, sights } = left;
  const records = await looksOf(app, store);
  const published = new Map(left.published.map(({ event, body }) => [event.id, body]));
  const arrivals = arrivalsOf(sights);
  const faults = [
    ...forgeries(left.published, published),
    ...undelivered(records),
    ...unheard(app, left.published, arrivals),
    ...disorder(left.applied),
  ];
  return {
    records,
    published,
    letters: new Map(left.letters.map((event) => [event.id, event])),
    arrivals,
    faults,
  };
}

/** A look at every record of an app, by its key. */
export async function looksOf(
  app: App,
  store: MemoryStore,
): Promise<ReadonlyMap<string, Look<unknown>>> {
  const looks = new Map<string, Look<unknown>>();
  for (const key of store.entries().keys()) {
    const handler = app.handlers.get(key.slice(0, key.indexOf('/')));
    const subject = key.slice(key.indexOf('/') + 1);
    if (handler !== undefined) looks.set(key, await read({ store }, handler.ref(subject)));
  }
  return looks;
}

function arrivalsOf(sights: readonly Sight[]): ReadonlyMap<string, Arrivals> {
  const all = new Map<string, string[]>();
  for (const { key, event } of sights) {
    const id = `${event.source} ${event.id}`;
    const listed = all.get(key);
    if (listed === undefined) all.set(key, [id]);
    else listed.push(id);
  }
  const arrivals = [...all].map(([key, ids]) => {
    const first = [...new Set(ids)];
    const last = [...new Set(ids.toReversed())].toReversed();
    return [key, { first, last }] as const;
  });
  return new Map(arrivals);
}

/** An id stands for its bytes: a receiver keeps the first copy and drops the rest. */
function forgeries(
  copies: readonly Outgoing[],
  published: ReadonlyMap<string, string>,
): readonly string[] {
  return copies
    .filter(({ event, body }) => published.get(event.id) !== body)
    .map(({ event }) => `one id was published with two contents: ${line(event)}`);
}

function undelivered(records: ReadonlyMap<string, Look<unknown>>): readonly string[] {
  return [...records].flatMap(([key, { outputs }]) =>
    outputs.map(({ event }) => `never delivered by ${key}: ${line(event)}`),
  );
}

/** Whoever subscribes to what was published has been shown it. */
function unheard(
  app: App,
  published: readonly Outgoing[],
  arrivals: ReadonlyMap<string, Arrivals>,
): readonly string[] {
  return published.flatMap(({ event }) =>
    (app.routes.get(event.type) ?? []).flatMap(({ handler, subscription }) => {
      const { incoming, from, subjectOf } = subscription;
      const subject = subjectOf(event as Parameters<typeof subjectOf>[0]);
      const mayHear = incoming !== true && (from?.includes('app') ?? true);
      if (!mayHear || subject === undefined) return [];
      const key = `${handler.key}/${subject}`;
      const heard = arrivals.get(key)?.first.includes(`${event.source} ${event.id}`) === true;
      return heard ? [] : [`lost on the way to ${key}: ${line(event)}`];
    }),
  );
}

/** What one record emits is applied by another in the order in which it was emitted. */
function disorder(applied: readonly Applied[]): readonly string[] {
  const newest = new Map<string, string>();
  return applied.flatMap(({ handler, subject, event }) => {
    const [emitter = '', counter = ''] = event.recordseq?.split('.') ?? [];
    if (emitter === '') return [];
    const way = `${handler}/${subject} ${emitter}`;
    const last = newest.get(way) ?? '';
    newest.set(way, counter > last ? counter : last);
    return counter > last ? [] : [`applied out of order by ${handler} ${subject}: ${line(event)}`];
  });
}

/** Whether every record met the same events in the same order; only then must they end the same. */
export function sameArrivals(expected: Ending, ending: Ending): boolean {
  const keys = new Set([...expected.arrivals.keys(), ...ending.arrivals.keys()]);
  return [...keys].every((key) => {
    const order = expected.arrivals.get(key)?.first.join('\n');
    const { first = [], last = [] } = ending.arrivals.get(key) ?? {};
    return order === first.join('\n') && order === last.join('\n');
  });
}

/** How one ending differs from another, one line each. */
export function endingDifferences(expected: Ending, ending: Ending): readonly string[] {
  return [
    ...recordDifferences(expected, ending),
    ...setDifferences('published', expected.published, ending.published),
    ...setDifferences('a dead letter', expected.letters, ending.letters),
  ];
}

function recordDifferences(expected: Ending, ending: Ending): readonly string[] {
  const keys = new Set([...expected.records.keys(), ...ending.records.keys()]);
  return [...keys].flatMap((key) =>
    differences(shape(expected.records.get(key)), shape(ending.records.get(key))).map(
      (difference) => `record ${key}: ${difference}`,
    ),
  );
}

function shape(look: Look<unknown> | undefined): unknown {
  if (look === undefined) return undefined;
  const { state, erased, at, timers, decisions } = look;
  return JSON.parse(JSON.stringify({ state, erased, at, timers, decisions }));
}

function setDifferences(
  what: string,
  expected: ReadonlyMap<string, string | CloudEvent>,
  ending: ReadonlyMap<string, string | CloudEvent>,
): readonly string[] {
  const missing = [...expected].filter(([id]) => !ending.has(id));
  const more = [...ending].filter(([id]) => !expected.has(id));
  return [
    ...missing.map(([, event]) => `not ${what}: ${text(event)}`),
    ...more.map(([, event]) => `also ${what}: ${text(event)}`),
    ...[...expected].flatMap(([id, event]) => {
      const other = ending.get(id);
      if (typeof event !== 'string' || other === undefined || other === event) return [];
      return [`${what} with other bytes: ${text(event)}`, `  instead: ${text(other)}`];
    }),
  ];
}

const text = (event: string | CloudEvent): string =>
  typeof event === 'string' ? event : line(event);

/** How one ending differs from another in what it says: states, and the types, subjects and data of what was published. */
export function contentDifferences(expected: Ending, ending: Ending): readonly string[] {
  const keys = new Set([...expected.records.keys(), ...ending.records.keys()]);
  const states = [...keys].flatMap((key) =>
    differences(expected.records.get(key)?.state, ending.records.get(key)?.state).map(
      (difference) => `record ${key}: ${difference}`,
    ),
  );
  const [before, after] = [said(expected), said(ending)];
  const missing = before.filter((one) => !after.includes(one));
  const more = after.filter((one) => !before.includes(one));
  return [
    ...states,
    ...missing.map((one) => `not published: ${one}`),
    ...more.map((one) => `also published: ${one}`),
  ];
}

const said = ({ published }: Ending): readonly string[] =>
  [...published.values()].map((body) => line(JSON.parse(body) as CloudEvent));
