import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineDevice, handle, sweep, type Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';
import { simulation } from '../simulate/index.ts';
import { defineRegistry, forEach } from './index.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean() }),
  initial: { isOn: false },
  writable: z.object({ isOn: z.boolean() }),
});
const registry = defineRegistry({
  groups: { porch: { tag: 'model', value: 'lamp', and: { firmware: '2' } } },
});
const switchAll = forEach({
  name: 'switch-all',
  over: registry,
  data: z.object({ isOn: z.boolean() }),
  page: 10,
  draft: ({ subject, state: { firmware } }, { isOn }) =>
    firmware === '0' ? undefined : lamp.set(subject, { isOn }),
});
const app = defineApp({ source: 'urn:acme', parts: [lamp, registry, switchAll] });

const nameOf = (n: number) => `lamp-${String(n).padStart(3, '0')}`;

function start(count = 35) {
  const world = simulation(app);
  for (let n = 0; n < count; n += 1) {
    const firmware = n % 7 === 0 ? '0' : n % 2 === 0 ? '2' : '1';
    world.happen({ event: registry.register(nameOf(n), { model: 'lamp', firmware }) });
  }
  const told = () => world.published.filter(({ type }) => type === 'lamp.desired');
  const state = (run = 'run') => world.read(switchAll.ref(run)).state;
  const say = (event: ReturnType<typeof switchAll.pause>) => world.happen({ event })[0]?.code;
  return { world, told, state, say };
}

const lamps = { tag: 'model', value: 'lamp' } as const;
const on = { isOn: true };

describe('a job', () => {
  it('says something for each of many, once, page by page, and tells when it is done', () => {
    const { world, told, state } = start();
    world.happen({ event: switchAll.start('run', { ...lamps, data: on }) });
    world.advanceTo(1_000);
    expect(told().map(({ subject }) => subject)).toHaveLength(30);
    expect(new Set(told().map(({ subject }) => subject)).size).toBe(30);
    expect(state()).toMatchObject({ status: 'done', looked: 35, made: 30, pages: 4, endedAt: 4 });
    const types = world.published.map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('switch-all'))).toEqual([
      'switch-all.started',
      'switch-all.ended',
    ]);
  });

  it('goes over a group by query, and over those that its tags still fit', () => {
    const { world, told, state } = start(20);
    world.happen({ event: switchAll.start('run', { group: 'porch', data: on }) });
    world.advanceTo(1_000);
    expect(told()).toHaveLength(8);
    expect(state()).toMatchObject({ status: 'done', looked: 8 });
  });

  it('goes over a group that is a list', () => {
    const { world, told } = start(5);
    const groups = { lobby: true } as const;
    world.happen({ event: registry.describe(nameOf(3), { groups }) });
    world.happen({ event: switchAll.start('run', { group: 'lobby', data: on }) });
    world.advanceTo(1_000);
    expect(told().map(({ subject }) => subject)).toEqual([nameOf(3)]);
  });

  it('is paused, goes on where it was, and is cancelled for good', () => {
    const { world, told, state, say } = start();
    say(switchAll.start('run', { ...lamps, data: on }));
    world.advanceTo(2);
    expect(say(switchAll.pause('run'))).toBeUndefined();
    world.advanceTo(1_000);
    expect(state()).toMatchObject({ status: 'paused', pages: 2 });
    say(switchAll.resume('run'));
    world.advanceTo(1_001);
    expect(state()).toMatchObject({ status: 'running', pages: 3 });
    say(switchAll.cancel('run'));
    world.advanceTo(5_000);
    expect(state()).toMatchObject({ status: 'cancelled', pages: 3 });
    expect(told().length).toBeLessThan(30);
    expect(say(switchAll.resume('run'))).toBe('wrong-status');
  });

  it('goes on with a page that became a dead letter when it is paused and resumed', () => {
    let isBroken = true;
    const fragile = forEach({
      name: 'fragile',
      over: registry,
      draft: ({ subject }) => {
        if (isBroken) throw new Error('boo');
        return lamp.set(subject, on);
      },
    });
    const world = simulation(defineApp({ source: 'urn:acme', parts: [lamp, registry, fragile] }));
    world.happen({ event: registry.register('l1', { model: 'lamp' }) });
    world.happen({ event: fragile.start('run', lamps) });
    world.advanceTo(3_600_000);
    expect(world.deadLetters).toHaveLength(1);
    isBroken = false;
    world.happen({ event: fragile.pause('run') }, { event: fragile.resume('run') });
    world.advanceTo(7_200_000);
    expect(world.read(fragile.ref('run')).state).toMatchObject({ status: 'done', made: 1 });
  });

  it('is started once: the same again is no mistake, something else is refused', () => {
    const { say } = start(1);
    expect(say(switchAll.start('run', { ...lamps, data: on }))).toBeUndefined();
    expect(say(switchAll.start('run', { ...lamps, data: on }))).toBeUndefined();
    const other = switchAll.start('run', { ...lamps, data: { isOn: false } });
    expect(say(other)).toBe('already-started');
  });

  it('is done at once when nothing fits', () => {
    const { world, state } = start(0);
    world.happen({ event: switchAll.start('run', { ...lamps, data: on }) });
    world.advanceTo(10);
    expect(state()).toMatchObject({ status: 'done', looked: 0, pages: 1 });
  });

  it.each([
    ['no data', switchAll.start('run', lamps)],
    [
      'data that does not fit',
      { ...switchAll.start('run', lamps), data: { select: lamps, data: 1 } },
    ],
    ['nothing selected', { ...switchAll.start('run', lamps), data: { data: on } }],
  ])('is not started with %s', (_, draft) => {
    expect(start(0).say(draft)).toBe('invalid-data');
  });

  it('is started by services only', () => {
    const { world } = start(0);
    const event = switchAll.start('run', { ...lamps, data: on });
    const [handled] = world.happen({ event, principal: { kind: 'user', id: 'ann' } });
    expect(handled?.code).toBe('not-permitted');
  });

  it('keeps its pages in saves that any store takes, however late it is', async () => {
    const publisher = memoryPublisher({ verify: false });
    const store = memoryStore({ maxRecordBytes: 40_000 });
    let now = 0;
    const clock = { now: () => now, sleep: async () => {}, within: () => Promise.reject() };
    const runtime: Runtime = {
      store,
      publisher,
      clock,
      sweep: true,
    };
    const say = (drafts: readonly { type: string; subject: string; data: unknown }[]) =>
      handle(
        app,
        drafts.map((draft, n) => ({
          event: { specversion: '1.0', id: `${draft.type}-${n}`, source: 's', ...draft },
          principal: { kind: 'service', id: 's' },
        })),
        runtime,
      );
    const names = Array.from({ length: 300 }, (_, n) => nameOf(n));
    await say(names.map((name) => registry.register(name, { model: 'lamp' })));
    await say([switchAll.start('run', { ...lamps, data: on })]);
    now = 3_600_000;
    let sweeps = 0;
    for (let more = true; more && sweeps < 30; sweeps += 1)
      more = (await sweep(app, runtime)).records > 0;
    const wishes = publisher.published.filter(({ event }) => event.type === 'lamp.set');
    expect(new Set(wishes.map(({ event }) => event.id)).size).toBe(300);
    expect(wishes).toHaveLength(300);
    expect(sweeps).toBeGreaterThan(2);
  });
});

it.each([{ page: 0 }, { page: 501 }, { page: 1.5 }, { paceMs: 0 }])('refuses %j', (bad) => {
  expect(() => forEach({ name: 'j', over: lamp, draft: () => undefined, ...bad })).toThrow(
    expect.objectContaining({ code: 'invalid-definition' }),
  );
});
