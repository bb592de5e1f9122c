import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { lives } from '../model/binding.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { defineHome } from '../model/home.ts';
import { by, each, homeOf } from '../model/reads.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import type { Runtime } from '../ports/runtime.ts';
import { simulation, type Simulation } from '../simulate/index.ts';
import { defineApp } from './define-app.ts';
import { handle } from './handle.ts';
import { erase } from './read.ts';

const light = defineDevice({
  type: 'light',
  state: z.object({ on: z.boolean(), firmware: z.string() }),
  initial: { on: false, firmware: '1' },
  tags: ({ firmware }) => ({ firmware }),
});
const home = defineHome({
  type: 'home',
  state: z.object({ night: z.boolean() }),
  initial: { night: false },
});
const asked = defineEvent('asked', z.object({ firmware: z.string() }));
const clerk = defineHandler({
  name: 'clerk',
  state: z.null(),
  initial: null,
  reads: {
    home: by(home),
    one: by(light, () => 'l1'),
    lights: each(light),
    two: each(light, { limit: 2 }),
    updated: each(light, {
      tag: 'firmware',
      value: ({ data }) => (data as { firmware: string }).firmware,
    }),
  },
}).on(asked, ({ reads }) => ({ reply: reads }));
const app = defineApp({ source: 'urn:acme', parts: [light, home, clerk] });

interface Reply {
  readonly home: object;
  readonly one: object;
  readonly lights: readonly { readonly subject: string; readonly state: object }[];
  readonly two: readonly { readonly subject: string }[];
  readonly updated: readonly { readonly subject: string }[];
}

const ask = (run: Simulation, subject: string, more: object = {}, firmware = '2'): Reply => {
  const { type, data } = asked(subject, { firmware });
  const id = `asked-${run.handled.length}`;
  const event = { specversion: '1.0' as const, id, source: 's', type, subject, data, ...more };
  return run.happen({ event })[0]?.reply as Reply;
};
const subjects = (all: readonly { readonly subject: string }[]) =>
  all.map(({ subject }) => subject);

function start(...ids: readonly string[]) {
  const run = simulation(app);
  for (const id of ids) run.happen({ event: lives(id, 'h1') });
  return run;
}

describe('what is read', () => {
  it('is the initial state of what is not there, and an empty list', () => {
    expect(ask(start(), 'h1')).toEqual({
      home: { night: false },
      one: { on: false, firmware: '1' },
      lights: [],
      two: [],
      updated: [],
    });
  });

  it('is what others see of a record, as it is now', () => {
    const run = start('l1');
    run.happen(
      { event: home.set('h1', { night: true }) },
      { event: light.events.reported('l1', { on: true }) },
    );
    expect(ask(run, 'h1')).toMatchObject({
      home: { night: true },
      one: { on: true, firmware: '1' },
      lights: [{ subject: 'l1', state: { on: true, firmware: '1' } }],
    });
  });

  it('belongs to the partition of the event, else to its subject', () => {
    const run = start('l1');
    expect(subjects(ask(run, 'anything', { partitionkey: 'h1' }).lights)).toEqual(['l1']);
    expect(ask(run, 'l1').lights).toEqual([]);
  });

  it('comes in the order of subjects, up to the limit', () => {
    const run = start('b', 'c', 'a', 'B', '10', '9');
    const { lights, two } = ask(run, 'h1');
    expect(subjects(lights)).toEqual(['10', '9', 'B', 'a', 'b', 'c']);
    expect(subjects(two)).toEqual(['10', '9']);
  });

  it('is found by any tag and value', () => {
    const run = start('l1', 'l2');
    run.happen({ event: light.events.reported('l2', { firmware: '2' }) });
    expect(subjects(ask(run, 'h1').updated)).toEqual(['l2']);
    expect(subjects(ask(run, 'h1', {}, '1').updated)).toEqual(['l1']);
  });

  it('leaves out what has moved away', () => {
    const run = start('l1', 'l2');
    run.happen({ event: lives('l1', 'h2') });
    expect(subjects(ask(run, 'h1').lights)).toEqual(['l2']);
  });

  it('leaves out what an index still lists but no longer belongs there', async () => {
    const run = start('l1', 'l2');
    const stored = run.store.entries().get('light/l1');
    const body = stored?.body.replace('"h1"', '"h2"') ?? '';
    const tags = { home: 'h1' };
    const write = { key: 'light/l1', expected: stored?.version ?? '', body, due: null, tags };
    expect(await run.store.save([write])).toMatchObject([{ outcome: 'saved' }]);
    expect(subjects(ask(run, 'h1').lights)).toEqual(['l2']);
  });

  it('leaves out what has been erased, and shows the initial state by name', async () => {
    const run = start('l1', 'l2');
    run.happen({ event: light.events.reported('l1', { on: true }) });
    const clock = {
      now: run.now,
      sleep: async () => {},
      within: () => Promise.reject(new Error()),
    };
    const runtime: Runtime = { store: run.store, publisher: memoryPublisher(), clock };
    await erase(runtime, light.ref('l1'));
    const { lights, one } = ask(run, 'h1');
    expect(subjects(lights)).toEqual(['l2']);
    expect(one).toEqual({ on: false, firmware: '1' });
  });

  it('is shown to whoever observes', () => {
    const run = start();
    ask(run, 'h1');
    expect(run.steps.at(-1)).toMatchObject({ handler: 'clerk', reads: { home: { night: false } } });
  });
});

describe("where a device's own words belong", () => {
  const watch = defineHandler({
    name: 'watch',
    state: z.unknown(),
    initial: null,
    reads: {
      lives: homeOf(light),
      home: by(home, homeOf(light)),
      others: each(light, { value: homeOf(light) }),
    },
  }).on(light.events.reported, ({ reads }) => ({ state: reads }));
  const watched = defineApp({ source: 'urn:acme', parts: [light, home, watch] });

  it('is read from the record of the device', () => {
    const run = simulation(watched);
    run.happen(
      { event: lives('l1', 'h1') },
      { event: lives('l2', 'h1') },
      { event: home.set('h1', { night: true }) },
      { event: light.events.reported('l1', { on: true }) },
    );
    expect(run.read(watch.ref('l1')).state).toMatchObject({
      lives: 'h1',
      home: { night: true },
      others: [{ subject: 'l1' }, { subject: 'l2' }],
    });
  });

  it('is nowhere for a device without a home', () => {
    const run = simulation(watched);
    run.happen({ event: light.events.reported('l1', { on: true }) });
    expect(run.read(watch.ref('l1')).state).toEqual({
      lives: null,
      home: { night: false },
      others: [],
    });
  });
});

describe('a read that cannot be done', () => {
  it('lets the input come again, and nothing be saved', async () => {
    const run = start();
    const down = () => Promise.reject(new Error('down'));
    const runtime: Runtime = {
      store: { ...run.store, query: down },
      publisher: memoryPublisher(),
      clock: { now: run.now, sleep: async () => {}, within: down },
    };
    const { type, subject, data } = asked('h1', { firmware: '1' });
    const event = { specversion: '1.0', id: '1', source: 's', type, subject, data } as const;
    const principal = { kind: 'service', id: 's' } as const;
    const [handled] = await handle(app, [{ event, principal, attempt: 1 }], runtime);
    expect(handled).toMatchObject({ verdict: 'retry', code: 'store-unavailable' });
    expect(run.store.entries().size).toBe(0);
  });
});
