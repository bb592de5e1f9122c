import { deepEqual } from 'node:assert/strict';
import { read, type CloudEvent, type Handler, type Input, type Look } from '@hearth/core';
import { differences } from '../../difference.ts';
import { replay, type Replayed } from './replay.ts';
import { ledger, tally, type TallyState } from './tally.ts';
import type { Fleet } from './worker-case.ts';

/**
 * Insists that nothing was lost and nothing done twice: each record is what a replay of its own applied sequence gives, in which every
 * event that it was sent is once; what was published is what these replays emit, no more and no less, and each id stands for the same
 * bytes; nothing is left to be delivered.
 */
export async function assertSound(world: Fleet, inputs: readonly Input[]): Promise<void> {
  deepEqual(await faultsOf(world, inputs), []);
}

async function faultsOf(world: Fleet, inputs: readonly Input[]): Promise<readonly string[]> {
  const events = inputs.map(({ event }) => event as CloudEvent);
  const subjects = [...new Set(events.map(({ subject = '' }) => subject))];
  const faults: string[] = [];
  const emitted: CloudEvent[] = [];
  for (const subject of subjects) {
    const sent = byId(events.filter((event) => event.subject === subject));
    const replayed = await judge(world, tally, subject, sent, faults);
    emitted.push(...replayed.emitted);
  }
  await judge(world, ledger, 'all', byId(emitted), faults);
  return [...faults, ...publicationFaults(world, byId(emitted))];
}

const byId = (events: readonly CloudEvent[]): ReadonlyMap<string, CloudEvent> =>
  new Map(events.map((event) => [event.id, event]));

async function judge(
  { stores }: Fleet,
  handler: Handler<TallyState>,
  subject: string,
  sent: ReadonlyMap<string, CloudEvent>,
  faults: string[],
): Promise<Replayed> {
  const look = await read({ store: stores[0] }, handler.ref(subject));
  const replayed = replay(handler, subject, look.state, sent);
  const where = `${handler.name}/${subject}`;
  faults.push(...recordFaults(look, replayed, sent).map((fault) => `${where}: ${fault}`));
  return replayed;
}

function recordFaults(
  { state, outputs, timers }: Look<TallyState>,
  replayed: Replayed,
  sent: ReadonlyMap<string, CloudEvent>,
): readonly string[] {
  const { applied } = state;
  const left = timers.map(({ key, event }) => `${key} ${event.id}`);
  const expected = [...replayed.timers].map(([key, event]) => `${key} ${event.id}`);
  return [
    ...[...sent.keys()].filter((id) => !applied.includes(id)).map((id) => `lost ${id}`),
    ...[...replayed.timers.keys()]
      .filter((key) => key !== 'rest')
      .map((key) => `never rang ${key}`),
    ...applied.filter((id, at) => applied.indexOf(id) !== at).map((id) => `twice ${id}`),
    ...replayed.strange.map((id) => `applied ${id}, which nobody sent`),
    ...differences(replayed.state, state).map((line) => `differs from its replay: ${line}`),
    ...differences(expected.toSorted(), left.toSorted()).map((line) => `timers: ${line}`),
    ...outputs.map(({ event }) => `never delivered ${event.id}`),
  ];
}

/** What a receiver sees that drops doubles by their ids. */
function publicationFaults(
  { publisher, letters }: Fleet,
  emitted: ReadonlyMap<string, CloudEvent>,
): readonly string[] {
  const received = new Map<string, string>();
  const forged = publisher.published.filter(({ event: { id }, body }) => {
    const first = received.get(id) ?? body;
    received.set(id, first);
    return first !== body;
  });
  const other = [...received].flatMap(([id, body]) => {
    const event = emitted.get(id);
    if (event === undefined) return [`published, and no record has emitted it: ${body}`];
    // A replay has a time of its own.
    const { time, ...first } = JSON.parse(body) as CloudEvent;
    return differences({ ...event, time }, { ...first, time }).map((line) => `${id}: ${line}`);
  });
  return [
    ...[...emitted.keys()].filter((id) => !received.has(id)).map((id) => `never published ${id}`),
    ...forged.map(({ event: { id } }) => `published with other bytes: ${id}`),
    ...other,
    ...letters.published.map(({ body }) => `became a dead letter: ${body}`),
  ];
}
