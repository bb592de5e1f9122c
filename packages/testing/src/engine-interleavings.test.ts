import { defineApp, defineEvent, defineHandler, events, read } from '@hearth/core';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { exploreAll, exploreSome, type Choose } from './explore.ts';
import { endingOf } from './ending.ts';
import { interleave, type Interleaving, type Outcome } from './engine-interleaving.ts';

const data = z.object({ after: z.array(z.string()) });
const asked = defineEvent('asked', data);
const passed = defineEvent('passed', data);
const told = defineEvent('told', data);

// Both remember the order of what they were given, and what they emit shows it.
const list = (name: string) => ({ name, state: z.array(z.string()), initial: [] });
const first = defineHandler(list('A')).on(asked, ({ state, event: { id, subject } }) => ({
  state: [...state, id],
  emit: passed(subject, { after: state }),
}));
const second = defineHandler(list('B')).on(passed, ({ state, event: { id, subject } }) => ({
  state: [...state, id],
  emit: told(subject, { after: state }),
}));
const app = defineApp({ source: 'urn:chain', parts: [first, second, events(told)] });

const input = (id: string) => ({
  specversion: '1.0' as const,
  id,
  source: 'urn:test',
  ...asked('s', { after: [] }),
});

/** What must hold whoever was at work, died or was told nothing. */
async function judge({ store, published, letters, acknowledged }: Outcome) {
  const wrong: string[] = [];
  const [a, b] = [await read({ store }, first.ref('s')), await read({ store }, second.ref('s'))];
  const idsBy = (cause: string) =>
    published.filter(({ event: one }) => one.causationid === cause).map(({ event: one }) => one.id);
  const emitted = (causes: readonly string[]) => causes.flatMap((id) => [...new Set(idsBy(id))]);
  if (new Set(a.state).size !== a.state.length) wrong.push('A applied an input twice');
  if (new Set(b.state).size !== b.state.length) wrong.push('B applied an event twice');
  for (const id of acknowledged) {
    if (!a.state.includes(id)) wrong.push('an input was acknowledged and lost');
  }
  if (a.state.some((id) => idsBy(id).length === 0))
    wrong.push('A emitted what was never published');
  if (b.state.some((id) => idsBy(id).length === 0))
    wrong.push('B emitted what was never published');
  const came = emitted(a.state);
  if (came.some((id) => !b.state.includes(id))) wrong.push('B never got what A emitted');
  else if (came.join() !== b.state.join()) wrong.push('B got what A emitted in another order');
  if (a.outputs.length + b.outputs.length > 0) wrong.push('outputs were left behind');
  const bytes = new Map(published.map(({ event: one, body }) => [one.id, body]));
  if (published.some(({ event: one, body }) => bytes.get(one.id) !== body))
    wrong.push('one id had two contents');
  const newest = new Map<string, string>();
  for (const id of bytes.keys()) {
    const one = published.find((outgoing) => outgoing.event.id === id)?.event;
    const [record = '', counter = ''] = one?.recordseq?.split('.') ?? [];
    if ((newest.get(record) ?? '') > counter)
      wrong.push('first copies were published out of order');
    newest.set(record, counter);
  }
  if (letters.length > 0) wrong.push('something became a dead letter');
  return wrong;
}

// A slow machine shared with others needs longer than it seems.
vi.setConfig({ testTimeout: 60_000 });

type Case = readonly [string, Omit<Interleaving, 'app'>];
const [one, other] = [input('1'), input('2')];

describe('two handlers in a row', () => {
  it.each<Case>([
    ['one worker that dies', { batches: [[one]], crashes: 1 }],
    ['one worker that is not told twice what was saved', { batches: [[one]], lost: 2 }],
    ['one worker that dies and is not told', { batches: [[one]], crashes: 1, lost: 1 }],
    ['two with the same input', { batches: [[one], [one]] }],
    ['two with the same input, of which one dies', { batches: [[one], [one]], crashes: 1 }],
    [
      'two with the same input, of which one dies and nobody comes again',
      { batches: [[one], [one]], crashes: 1, redelivers: false },
    ],
    ['two with different inputs', { batches: [[one], [other]] }],
    ['two with the same input, where nobody sweeps', { batches: [[one], [one]], sweeps: false }],
    [
      'two with the same input, of which one dies, where nobody sweeps',
      { batches: [[one], [one]], crashes: 1, sweeps: false },
    ],
    ['a worker and a sweep', { batches: [[one]], sweeper: true }],
    ['a worker and a sweep, of which one dies', { batches: [[one]], sweeper: true, crashes: 1 }],
  ])('lose nothing and double nothing, in every run of %s', async (_, given) => {
    const run = (choose: Choose) => interleave({ app, ...given }, choose, judge);
    const explored = await exploreAll(run);
    expect(Object.fromEntries(explored.problems)).toEqual({});
  });

  it.each<Case>([
    ['everything at once', { batches: [[one], [one]], sweeper: true, crashes: 2, lost: 2 }],
    [
      'two batches, where nobody sweeps',
      { batches: [[one, other], [other]], crashes: 1, lost: 1, sweeps: false },
    ],
    [
      'batches',
      {
        batches: [
          [one, other],
          [other, one],
        ],
        sweeper: true,
        crashes: 1,
        lost: 1,
      },
    ],
  ])('lose nothing and double nothing, in random runs of %s', async (_, given) => {
    const run = (choose: Choose) => interleave({ app, crashOneIn: 20, ...given }, choose, judge);
    const explored = await exploreSome(run, { runs: 300, seed: 1 });
    expect(Object.fromEntries(explored.problems)).toEqual({});
  });
});

// A device's report leads to a wish, which leads to a report: and somebody else keeps a list of all reports.
const report = defineEvent('report', z.object({ level: z.number() }));
const wish = defineEvent('wish', z.object({ level: z.number() }));
const device = defineHandler({ name: 'device', state: z.number(), initial: 0 })
  .on(asked, ({ state, event: { subject } }) => ({
    state: state + 1,
    emit: report(subject, { level: state + 1 }),
  }))
  .on(
    wish,
    ({
      state,
      event: {
        subject,
        data: { level },
      },
    }) => ({
      state: Math.max(state, level),
      emit: report(subject, { level }),
    }),
  );
const rule = defineHandler(list('rule')).on(report, ({ state, event }) => {
  const { level } = event.data;
  const next = [...state, event.recordseq ?? ''];
  if (level % 3 === 0) return { state: next };
  return { state: next, emit: wish(event.subject, { level: level + 1 }) };
});
const diary = defineHandler(list('diary')).on(report, ({ state, event }) => ({
  state: [...state, event.recordseq ?? ''],
}));
const loop = defineApp({ source: 'urn:loop', parts: [device, rule, diary] });

async function judgeLoop({ store, published, letters, sights }: Outcome) {
  const left = letters.map(({ event: letter }) => letter);
  const { faults } = await endingOf({
    app: loop,
    store,
    published,
    letters: left,
    sights,
    applied: [],
  });
  const reports = published.filter(({ event: { type } }) => type === 'report');
  const order = [...new Set(reports.map(({ event: { recordseq = '' } }) => recordseq))].toSorted();
  const wrong = await Promise.all(
    [rule, diary].map(async (handler) => {
      const { state } = await read({ store }, handler.ref('s'));
      return state.join() === order.join()
        ? []
        : [`the ${handler.name} got reports in another order`];
    }),
  );
  return [
    ...faults,
    ...wrong.flat(),
    ...left.map(({ data: why }) => `dead: ${JSON.stringify(why)}`),
  ];
}

describe('a device, a rule, and the device again', () => {
  it.each<Case>([
    ['one worker', { batches: [[one]] }],
    ['one worker that dies', { batches: [[one]], crashes: 1 }],
    ['one worker that is not told once or twice what was saved', { batches: [[one]], lost: 2 }],
    ['one worker that dies and is not told', { batches: [[one]], crashes: 1, lost: 1 }],
    [
      'one worker that dies and is not told, where nobody sweeps',
      { batches: [[one]], crashes: 1, lost: 1, sweeps: false },
    ],
  ])('lose nothing and keep the order, in every run of %s', async (_, given) => {
    const run = (choose: Choose) => interleave({ app: loop, ...given }, choose, judgeLoop);
    const explored = await exploreAll(run);
    expect(Object.fromEntries(explored.problems)).toEqual({});
  });

  it.each<Case>([
    ['everything at once', { batches: [[one], [one]], sweeper: true, crashes: 2, lost: 2 }],
    [
      'two batches, where nobody sweeps',
      { batches: [[one, other], [other]], crashes: 1, lost: 1, sweeps: false },
    ],
    [
      'batches',
      {
        batches: [
          [one, other],
          [other, one],
        ],
        sweeper: true,
        crashes: 1,
        lost: 1,
      },
    ],
  ])('lose nothing and keep the order, in random runs of %s', async (_, given) => {
    const run = (choose: Choose) =>
      interleave({ app: loop, crashOneIn: 20, ...given }, choose, judgeLoop);
    const explored = await exploreSome(run, { runs: 300, seed: 1 });
    expect(Object.fromEntries(explored.problems)).toEqual({});
  });
});
