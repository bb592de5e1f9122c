import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { lives } from '../model/binding.ts';
import { defineCall } from '../model/call.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent, type Draft } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { defineHome } from '../model/home.ts';
import { each } from '../model/reads.ts';
import { defineRule } from '../model/rule.ts';
import { memoryStore } from '../ports/memory-store.ts';
import { simulate, simulation, type Moment } from './simulate.ts';

const light = defineDevice({
  type: 'light',
  state: z.object({ on: z.boolean() }),
  initial: { on: false },
  writable: z.object({ on: z.boolean() }),
});
const home = defineHome({
  type: 'home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 1 },
});
const forgotten = defineRule({
  name: 'forgotten',
  per: home,
  watch: { home, lights: each(light) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    lit: ({ lights }) => lights.some(({ state }) => state.on),
  },
  forMs: 1_000,
  emit: ({ lights }) => lights.map(({ subject }) => light.set(subject, { on: false })),
});
const classify = defineCall({
  type: 'classify',
  request: z.object({ clip: z.string() }),
  result: z.object({ label: z.string() }),
  timeoutMs: 1_000,
  attempts: 2,
});
const moved = defineEvent('moved', z.object({ clip: z.string() }));
const watch = defineHandler({ name: 'watch', state: z.array(z.string()), initial: [] })
  .on(moved, ({ event }) => ({ emit: classify(event.subject, event.data) }))
  .on(classify.done, ({ state, event }) => ({ state: [...state, event.data.result.label] }))
  .on(classify.failed, ({ state, event }) => ({ state: [...state, event.data.code] }));
const app = defineApp({
  source: 'urn:acme',
  parts: [light, home, forgotten, classify, moved, watch],
});

const lit = (subject: string, on: boolean) => light.events.reported(subject, { on });
const people = (occupants: number) => home.set('h1', { occupants });
const evening: readonly Moment[] = [
  { at: 0, event: lives('l1', 'h1') },
  { at: 10, event: lit('l1', true) },
  { at: 20, event: people(0) },
];
const wishes = ({
  published,
}: {
  readonly published: readonly { readonly type: string; readonly time?: string }[];
}) => published.flatMap(({ type, time }) => (type === 'light.set' ? [Date.parse(time ?? '')] : []));

describe('simulate', () => {
  it('runs an app over a timeline, its timers included', () => {
    expect(wishes(simulate(app, evening, { until: 2_000 }))).toEqual([1_020]);
  });

  it('stands still after the last moment unless told until when', () => {
    expect(wishes(simulate(app, evening))).toEqual([]);
    expect(wishes(simulate(app, evening, { until: 1_019 }))).toEqual([]);
    expect(wishes(simulate(app, evening, { until: 1_020 }))).toEqual([1_020]);
  });

  it('runs what is due before it lets something happen', () => {
    const back: Moment = { at: 1_020, event: people(1) };
    expect(wishes(simulate(app, [...evening, back]))).toEqual([1_020]);
    expect(wishes(simulate(app, [...evening, { ...back, at: 1_019 }], { until: 9_000 }))).toEqual(
      [],
    );
  });

  it('gives one answer per moment, and the steps with their reasons', () => {
    const { handled, steps } = simulate(app, evening, { until: 2_000 });
    expect(handled).toHaveLength(3);
    expect(steps.find(({ because }) => because !== undefined)).toMatchObject({
      handler: 'forgotten',
      subject: 'h1',
      now: 1_020,
      because: ['nobodyHome', 'lit'],
    });
  });

  it('never goes back in time', () => {
    const run = simulation(app);
    run.happen({ at: 50, event: lit('l1', true) }, { at: 10, event: lit('l1', false) });
    expect(run.now()).toBe(50);
    expect(run.read(light.ref('l1'))).toMatchObject({ at: 50, state: { reported: { on: false } } });
  });

  it('begins with the records of a store, and leaves them as they are', () => {
    const first = simulate(app, evening);
    const before = first.store.snapshot();
    expect(wishes(simulate(app, [], { store: first.store, until: 5_000 }))).toEqual([1_020]);
    expect(first.store.snapshot()).toEqual(before);
  });

  it('does the same every time, ids and bytes included', () => {
    const event = fc.oneof(
      fc.boolean().map((on) => lit('l1', on)),
      fc.boolean().map((on) => lit('l2', on)),
      fc.integer({ min: 0, max: 2 }).map(people),
      fc.constantFrom('h1', 'h2', null).map((at) => lives('l2', at)),
      fc.constant(moved('c1', { clip: 'a' })),
    );
    const timeline = fc.array(fc.record({ passed: fc.nat(900), event }), { maxLength: 12 });
    const play = (all: readonly { readonly passed: number; readonly event: Draft }[]) => {
      let at = 0;
      const moments = all.map((one) => ({ at: (at += one.passed), event: one.event }));
      const calls = { classify: () => ({ label: 'cat' }) };
      const run = simulate(app, moments, { until: 20_000, calls });
      return { published: run.published, steps: run.steps, records: [...run.store.entries()] };
    };
    fc.assert(
      fc.property(timeline, (all) => {
        expect(play(all)).toEqual(play(all));
      }),
      { numRuns: 30 },
    );
  });

  it('comes to the same over a bus as at once', () => {
    const bus = simulate(app, evening, { until: 2_000, cascade: 'bus' });
    const inline = simulate(app, evening, { until: 2_000 });
    const said = ({ published }: typeof bus) =>
      published.map((event) => JSON.stringify(event)).toSorted();
    expect(said(bus)).toEqual(said(inline));
    expect(bus.read(light.ref('l1')).state).toEqual(inline.read(light.ref('l1')).state);
  });
});

describe('a simulated moment', () => {
  it('is said by a service unless told otherwise', () => {
    const run = simulation(app);
    const says = (id?: string) =>
      run.happen({
        event: lit('l1', true),
        ...(id === undefined ? {} : { principal: { kind: 'device', id } as const }),
      })[0];
    expect(says()?.code).toBeUndefined();
    expect(says('l1')?.code).toBeUndefined();
    expect(says('l2')?.code).toBe('not-permitted');
  });

  it('may be an event of its own, which has no effect the second time', () => {
    const run = simulation(app);
    const { type, subject, data } = lit('l1', true);
    const event = { specversion: '1.0', id: '1', source: 'urn:l1', type, subject, data } as const;
    expect(run.happen({ event }, { event })).toMatchObject([
      { verdict: 'done' },
      { verdict: 'done', duplicate: true },
    ]);
  });

  it('that is refused becomes a dead letter', () => {
    const run = simulation(app);
    run.happen({ event: { ...lit('l1', true), data: { on: 'yes' } } });
    expect(run.deadLetters).toMatchObject([
      { type: 'hearth.deadletter', data: { code: 'invalid-data' } },
    ]);
  });
});

describe('the fake of a call', () => {
  const labels = (fake: () => unknown) => {
    const run = simulation(app, { calls: { classify: fake } });
    run.happen({ event: moved('c1', { clip: 'a' }) });
    run.advanceTo(3_600_000);
    return run.read(watch.ref('c1')).state;
  };

  it('gives its result, or fails as often as the call is tried', () => {
    expect(labels(() => ({ label: 'cat' }))).toEqual(['cat']);
    let times = 0;
    const failing = () => {
      times += 1;
      throw new Error('no network');
    };
    expect(labels(failing)).toEqual(['call-failed']);
    expect(times).toBe(2);
  });

  it.each([
    ['resolves', () => Promise.resolve({ label: 'cat' })],
    ['rejects', () => Promise.reject(new Error('no network'))],
  ])('must not be a promise, whether it %s', (_, fake) => {
    expect(() => labels(fake)).toThrow(
      expect.objectContaining({
        code: 'invalid-option',
        field: 'calls',
        message:
          'The fake for the call "classify" returned a promise; a simulation does not wait, so return the result itself.',
      }),
    );
  });
});

describe('many timers of one instant', () => {
  it('are all run', () => {
    const begun = defineEvent('begun', z.null());
    const ended = defineEvent('ended', z.null());
    const later = defineHandler({ name: 'later', state: z.boolean(), initial: false })
      .on(begun, ({ event }) => ({
        timers: [{ key: 'end', at: 1_000, event: ended(event.subject, null) }],
      }))
      .on(ended, () => ({ state: true }));
    const run = simulation(defineApp({ source: 'urn:acme', parts: [later] }));
    // A sweep looks at 1,000 records unless told otherwise.
    const subjects = Array.from({ length: 1_200 }, (_, index) => `s${index}`);
    for (const subject of subjects) run.happen({ event: begun(subject, null) });
    run.advanceTo(1_000);
    expect(subjects.every((subject) => run.read(later.ref(subject)).state)).toBe(true);
  });
});

describe('a record that cannot be attended to', () => {
  it('does not stop time for the others', async () => {
    const store = memoryStore();
    const body = '{"f":1,"v":1,"s":null}';
    await store.save([{ key: 'other-app/x', expected: null, body, due: 5, tags: {} }]);
    expect(wishes(simulate(app, evening, { store, until: 2_000 }))).toEqual([1_020]);
  });
});
