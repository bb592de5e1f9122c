import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { defineDevice } from './device.ts';
import type { Draft } from './event.ts';

const lamp = defineDevice({
  type: 'com.acme.lamp',
  state: z.object({
    onOff: z.object({ onOff: z.boolean() }),
    levelControl: z.object({ currentLevel: z.number(), options: z.array(z.string()).optional() }),
    celsius: z.number().nullable(),
  }),
  initial: { onOff: { onOff: false }, levelControl: { currentLevel: 1 }, celsius: null },
  writable: z.object({
    onOff: z.object({ onOff: z.boolean() }).partial(),
    levelControl: z.object({ currentLevel: z.number().min(1).max(254) }).partial(),
  }),
});
const app = defineApp({ source: 'urn:acme', parts: [lamp] });
const device: Principal = { kind: 'device', id: 'l1' };
const ann: Principal = { kind: 'user', id: 'ann' };
const on = { onOff: { onOff: true } };
const level = (currentLevel: number) => ({ levelControl: { currentLevel } });

function start() {
  const run = simulation(app, { speaksFor: () => true });
  const happen = (event: Draft, principal: Principal) => run.happen({ event, principal })[0];
  const twin = () => run.read(lamp.ref('l1')).state;
  const told = () =>
    run.published.flatMap(({ type, data }) => (type === 'com.acme.lamp.desired' ? [data] : []));
  let reports = 0;
  const report = (data: Parameters<typeof lamp.events.reported>[1], sequence?: string) => {
    reports += 1;
    const { type } = lamp.events.reported;
    const said = {
      specversion: '1.0',
      id: `${reports}`,
      source: 'urn:l1',
      type,
      subject: 'l1',
      data,
    };
    return run.happen({
      event: sequence === undefined ? said : { ...said, sequence },
      principal: device,
    })[0];
  };
  const set = (...wish: Parameters<typeof lamp.set> extends [string, ...infer R] ? R : never) =>
    happen(lamp.set('l1', ...wish), ann);
  return { run, happen, twin, told, report, set };
}

describe('reported and desired', () => {
  it('are merged leaf by leaf, each half with its own revision', () => {
    const { report, set, twin } = start();
    report({ levelControl: { currentLevel: 9 } });
    report({ levelControl: { options: ['a'] } });
    set(on);
    expect(twin()).toMatchObject({
      reported: { levelControl: { currentLevel: 9, options: ['a'] }, onOff: { onOff: false } },
      reportedRev: 2,
      desired: on,
      desiredRev: 1,
    });
  });

  it('count nothing that changes nothing', () => {
    const { report, set, twin, told } = start();
    for (let times = 0; times < 3; times += 1) {
      report(level(9));
      set(on);
    }
    expect(twin()).toMatchObject({ reportedRev: 1, desiredRev: 1 });
    expect(told()).toHaveLength(1);
  });

  it('take null for what may be missing, keep it where it is a value, and refuse it elsewhere', () => {
    const { report, twin } = start();
    report({ levelControl: { options: ['a'] }, celsius: 20 });
    report({ levelControl: { options: null }, celsius: null });
    expect(twin().reported).toEqual({
      onOff: { onOff: false },
      levelControl: { currentLevel: 1 },
      celsius: null,
    });
    expect(report({ onOff: { onOff: null as never } })).toMatchObject({ code: 'invalid-data' });
  });

  it('are written by their own side only', () => {
    const { happen } = start();
    expect(happen(lamp.set('l1', on), device)).toMatchObject({ code: 'not-permitted' });
  });

  it('say of every leaf when it was changed, at which revision, and by whom', () => {
    const { run, report, set, happen } = start();
    report({ celsius: 20 });
    run.advanceTo(1000);
    set(on);
    expect(happen(lamp.events.get('l1', {}), device)?.reply).toMatchObject({
      rev: 2,
      meta: {
        reported: { '/celsius': { rev: 1, time: '1970-01-01T00:00:00.000Z' } },
        desired: { '/onOff/onOff': { rev: 1, time: '1970-01-01T00:00:01.000Z', by: 'user:ann' } },
      },
    });
  });
});

describe('the delta', () => {
  it('is all that is still to be done, with the revision of the wishes', () => {
    const { set, told } = start();
    set(on);
    set(level(100));
    expect(told()).toEqual([
      { desired: on, desiredRev: 1 },
      { desired: { ...on, ...level(100) }, desiredRev: 2 },
    ]);
  });

  it('is told again only if it is another one', () => {
    const { set, report, told } = start();
    set({ ...on, ...level(100) });
    report({ celsius: 20 });
    expect(told()).toHaveLength(1);
    report(level(100));
    expect(told().slice(1)).toEqual([{ desired: on, desiredRev: 1 }]);
    report(on);
    expect(told()).toHaveLength(2);
  });

  it('is told when a device does otherwise again', () => {
    const { set, report, told } = start();
    set(on);
    report(on);
    report({ onOff: { onOff: false } });
    expect(told()).toHaveLength(2);
  });

  it('is told once to a device that was away, however much was wished for meanwhile', () => {
    const { set, happen, told } = start();
    for (const currentLevel of [10, 20, 30]) set(level(currentLevel));
    const before = told().length;
    happen(lamp.events.connected('l1', { session: '1' }), device);
    expect(told().slice(before)).toEqual([{ desired: level(30), desiredRev: 3 }]);
  });

  it('is not told to a device that comes back and has nothing to do', () => {
    const { set, report, happen, told } = start();
    set(on);
    report(on);
    happen(lamp.events.connected('l1', { session: '1' }), device);
    expect(told()).toHaveLength(1);
  });

  it('is taken back with the wish', () => {
    const { set, told } = start();
    set(on);
    set({ onOff: { onOff: null } });
    expect(told().at(-1)).toEqual({ desired: {}, desiredRev: 2 });
  });
});

describe('an acknowledgement', () => {
  const said = (status: 'applied' | 'failed' | 'rejected', desiredRev: number, more = {}) =>
    lamp.events.acknowledged('l1', { desiredRev, status, ...more });

  it('brings what the device has done with it', () => {
    const { set, happen, twin, told } = start();
    set(on);
    happen(said('applied', 1, { reported: on }), device);
    expect(twin()).toMatchObject({
      reported: on,
      acknowledged: { desiredRev: 1, status: 'applied' },
    });
    expect(told()).toHaveLength(1);
  });

  it('of a rejection ends the asking, until somebody wishes anew', () => {
    const { set, report, happen, told } = start();
    set({ ...on, ...level(200) });
    happen(said('rejected', 1, { code: 'too-bright', properties: ['levelControl'] }), device);
    expect(told().at(-1)).toEqual({ desired: on, desiredRev: 1 });
    report(on);
    happen(lamp.events.connected('l1', { session: '2' }), device);
    expect(told()).toHaveLength(2);
    set(level(100));
    expect(told().at(-1)).toEqual({ desired: level(100), desiredRev: 2 });
  });

  it('of an older revision rejects nothing that was wished for later', () => {
    const { set, happen, told } = start();
    set(level(200));
    set(level(100));
    happen(said('rejected', 1), device);
    happen(lamp.events.connected('l1', { session: '1' }), device);
    expect(told().at(-1)).toEqual({ desired: level(100), desiredRev: 2 });
  });

  it('of what was never wished for is refused', () => {
    expect(start().happen(said('applied', 1), device)).toMatchObject({
      code: 'invalid-data',
      data: { field: 'data.desiredRev' },
    });
  });

  it('of a failure leaves the wish open', () => {
    const { set, happen, told } = start();
    set(on);
    happen(said('failed', 1, { code: 'no-power' }), device);
    expect(told()).toHaveLength(1);
    happen(lamp.events.connected('l1', { session: '1' }), device);
    expect(told()).toHaveLength(2);
  });
});

describe('a wish', () => {
  it('ends when its time is over, and the device is told', () => {
    const { run, set, twin, told } = start();
    set(level(21), { until: 60_000 });
    run.advanceTo(59_999);
    expect(twin().desired).toEqual(level(21));
    run.advanceTo(60_000);
    expect(twin()).toMatchObject({ desired: {}, desiredRev: 2 });
    expect(told().at(-1)).toEqual({ desired: {}, desiredRev: 2 });
  });

  it('that replaces one with an end has its own', () => {
    const { run, set, twin } = start();
    set(level(21), { until: 60_000 });
    set(level(22));
    run.advanceTo(120_000);
    expect(twin().desired).toEqual(level(22));
  });

  it('whose time is over already is rejected', () => {
    const { run, set } = start();
    run.advanceTo(1000);
    expect(set(on, { until: 1000 })).toMatchObject({ verdict: 'rejected', code: 'expired' });
  });

  it.each([
    ['ifDesiredRev', { ifDesiredRev: 0 }, { ifDesiredRev: 1 }],
    ['ifRev', { ifRev: 0 }, { ifRev: 1 }],
    ['ifPath', { ifPath: { '/onOff/onOff': 0 } }, { ifPath: { '/onOff/onOff': 1 } }],
  ])('with %s counts only if the twin is as expected, and shows it if not', (_, wrong, right) => {
    const { set } = start();
    set(on);
    expect(set({ onOff: { onOff: false } }, wrong)).toMatchObject({
      verdict: 'rejected',
      code: 'rev-conflict',
      data: { current: { desired: on, desiredRev: 1 } },
    });
    expect(set({ onOff: { onOff: false } }, right)).toMatchObject({ verdict: 'done' });
  });

  it.each([
    ['a term that nobody knows', { $soon: true }, 'data.$soon'],
    ['an end that is no time', { $until: 'tomorrow' }, 'data.$until'],
    ['a revision below 0', { $ifRev: -1 }, 'data.$ifRev'],
    [
      'a name inside that is not writable',
      { levelControl: { minLevel: 1 } },
      'data.levelControl.minLevel',
    ],
    ['null in an array', { levelControl: { options: [null] } }, 'data.levelControl.options'],
  ])('with %s is refused', (_, wish, field) => {
    const answer = start().set(wish as never);
    expect(answer).toMatchObject({ verdict: 'rejected', code: 'invalid-data', data: { field } });
  });
});

describe('a twin of a profile', () => {
  const noted = z.record(z.string(), z.string());
  const limited = (limits?: 'aws' | 'azure') =>
    defineDevice({
      type: 'note',
      state: z.object({ notes: noted }),
      initial: { notes: {} },
      writable: z.object({ notes: noted }),
      ...(limits === undefined ? {} : { limits }),
    });
  const answerOf = (notes: Record<string, string>, limits?: 'aws' | 'azure') => {
    const note = limited(limits);
    const run = simulation(defineApp({ source: 'urn:acme', parts: [note] }));
    return run.happen({ event: note.set('n1', { notes }) })[0];
  };

  it.each([
    ['8 KB on aws', { a: 'x'.repeat(8192) }, 'aws' as const],
    ['32 KB', { a: 'x'.repeat(32_768) }, undefined],
  ])('holds at most %s', (_, notes, limits) => {
    expect(answerOf(notes, limits)).toMatchObject({ verdict: 'rejected', code: 'limit-exceeded' });
  });

  it('lets null take an entry out of a record', () => {
    const note = limited();
    const run = simulation(defineApp({ source: 'urn:acme', parts: [note] }));
    run.happen({ event: note.set('n1', { notes: { a: 'x', b: 'y' } }) });
    run.happen({ event: note.set('n1', { notes: { a: null } }) });
    expect(run.read(note.ref('n1')).state.desired).toEqual({ notes: { b: 'y' } });
    run.happen({ event: note.events.reported('n1', { notes: { c: 'z' } }) });
    run.happen({ event: note.events.reported('n1', { notes: { c: null } }) });
    expect(run.read(note.ref('n1')).state.reported).toEqual({ notes: {} });
    const wrong = note.events.reported('n1', { notes: { c: null, d: 1 as never } });
    expect(run.happen({ event: wrong })[0]).toMatchObject({ code: 'invalid-data' });
  });

  it('has no names that azure does not take', () => {
    expect(answerOf({ 'a.b': 'x' }, 'azure')).toMatchObject({
      code: 'invalid-data',
      data: { field: 'data.notes.a.b' },
    });
    expect(answerOf({ 'a.b': 'x' }, 'aws')).toMatchObject({ verdict: 'done' });
  });
});

type Patch = Parameters<typeof lamp.events.reported>[1];

describe('reports with a sequence', () => {
  const patches = fc.array(
    fc.oneof(
      fc.record({ onOff: fc.record({ onOff: fc.boolean() }) }),
      fc.integer({ min: 1, max: 254 }).map(level),
      fc.record({ celsius: fc.option(fc.integer({ min: 0, max: 30 })) }),
      fc.constant<Patch>({ levelControl: { options: null } }),
      fc.constant<Patch>({ levelControl: { options: ['a'] } }),
    ),
    { maxLength: 8 },
  );

  it('end in the same twin but for revisions and marks, in any order and however often they come', () => {
    fc.assert(
      fc.property(patches, fc.infiniteStream(fc.nat()), (all, dice) => {
        const inOrder = start();
        for (const [index, patch] of all.entries()) inOrder.report(patch, `${index}`);
        const shuffled = all
          .flatMap((patch, index) => [
            { patch, index },
            { patch, index },
          ])
          .map((one) => ({ ...one, place: dice.next().value as number }))
          .toSorted((a, b) => a.place - b.place);
        const anyhow = start();
        for (const { patch, index } of shuffled) anyhow.report(patch, `${index}`);
        expect(anyhow.twin().reported).toEqual(inOrder.twin().reported);
      }),
      { numRuns: 50 },
    );
  });

  it('are dropped leaf by leaf where something newer was said', () => {
    const { report, twin } = start();
    report({ ...level(9), celsius: 20 }, '5');
    report({ ...level(1), celsius: 1, ...on }, '4');
    expect(twin().reported).toEqual({ ...level(9), celsius: 20, ...on });
  });
});

it('never tells a device one thing and then the other without a wish between', () => {
  const wishes = fc.array(fc.integer({ min: 1, max: 254 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(wishes, (levels) => {
      const { set, report, told } = start();
      for (const one of levels) {
        set(level(one));
        report({ celsius: one });
        report(level(one));
      }
      const said = told().map((data) => (data as { desired: unknown }).desired);
      const changes = levels.filter((one, at) => one !== (levels[at - 1] ?? 1));
      expect(said).toEqual(changes.map(level));
    }),
    { numRuns: 50 },
  );
});
