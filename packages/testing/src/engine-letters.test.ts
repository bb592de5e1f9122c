import {
  defineApp,
  defineDevice,
  defineEvent,
  defineHandler,
  erase,
  events,
  read,
  reopen,
} from '@hearth/core';
import type { DeadLetter, Outcome } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  asked,
  engineWorld,
  first,
  give,
  idsIn,
  inputOf,
  second,
  sweepFor,
  told,
} from './engine-world.ts';
import type { EngineWorld } from './engine-world.ts';
import { faultyPublisher, faultyStore } from './faults.ts';
import { during } from './plans.ts';

const chain = defineApp({ source: 'urn:chain', parts: [first, second, events(told)] });
const ask = (id: string, more: object = {}) => inputOf(asked('s', { after: [] }), id, more);
const codesIn = ({ letters }: EngineWorld) =>
  letters.published.map(({ event }) => (event.data as DeadLetter).code);

const entered = defineEvent('entered', z.object({ code: z.string() }));
const opened = defineEvent('opened', z.object({ note: z.string() }));
const lock = defineHandler({
  name: 'lock',
  state: z.object({ tries: z.number(), note: z.string() }),
  initial: { tries: 0, note: '' },
}).on(entered, ({ state, event }): Outcome<typeof state> => {
  const { code } = event.data;
  if (code === 'wrong') return { reject: { code: 'wrong-code', data: { tries: state.tries } } };
  return { state: { tries: 0, note: code }, emit: opened(event.subject, { note: code }) };
});
const door = defineApp({ source: 'urn:door', parts: [lock, events(opened)] });
const enter = (id: string, code: string) => inputOf(entered('front', { code }), id);

describe('a rejected input', () => {
  it('is acknowledged only when its dead letter is accepted, however many there are', async () => {
    const world = engineWorld(door, ({ letters, clock }) => ({
      deadLetters: faultyPublisher(letters, during(clock, 0, 1000, 'down')),
    }));
    const batch = Array.from({ length: 40 }, (_, at) => enter(String(at), 'wrong'));
    const before = await give(world, batch);
    expect(new Set(before.map(({ verdict }) => verdict))).toEqual(new Set(['retry']));
    await world.clock.advance(1000);
    const after = await give(world, batch);
    expect(new Set(after.map(({ verdict }) => verdict))).toEqual(new Set(['rejected']));
    expect(idsIn(world.letters)).toHaveLength(40);
  });

  it('is rejected again with the same words', async () => {
    const world = engineWorld(door);
    const [one] = await give(world, [enter('1', 'wrong')]);
    const [two] = await give(world, [enter('1', 'wrong')]);
    expect(one).toMatchObject({ verdict: 'rejected', code: 'wrong-code', data: { tries: 0 } });
    expect(two).toEqual(one);
    expect(idsIn(world.letters)).toHaveLength(1);
  });

  it('has reused an id if the content is another', async () => {
    const world = engineWorld(door);
    await give(world, [enter('1', 'right')]);
    expect(await give(world, [enter('1', 'other')])).toMatchObject([
      { verdict: 'rejected', code: 'id-reused' },
    ]);
    expect((await read(world.runtime, lock.ref('front'))).state.note).toBe('right');
  });

  it('is stale if its handler wants only the latest, but not when it comes twice', async () => {
    const latest = defineHandler({
      name: 'latest',
      state: z.string(),
      initial: '',
      latestOnly: true,
    }).on(entered, ({ event }) => ({ state: event.data.code }));
    const world = engineWorld(defineApp({ source: 'urn:latest', parts: [latest] }));
    const numbered = (id: string, sequence: string) => {
      const { event, ...input } = enter(id, id);
      return { ...input, event: { ...event, sequence } };
    };
    const handled = await give(world, [
      numbered('a', '0002'),
      numbered('b', '0001'),
      numbered('a', '0002'),
    ]);
    expect(handled).toMatchObject([
      { verdict: 'done' },
      { verdict: 'rejected', code: 'stale' },
      { verdict: 'done', duplicate: true },
    ]);
    expect((await read(world.runtime, latest.ref('front'))).state).toBe('a');
  });

  it('is nobody’s business if nobody knows its type, and is logged once', async () => {
    const world = engineWorld(defineApp({ source: 'urn:door', parts: [lock, events(opened)] }));
    const strange = defineEvent('strange', z.null());
    const handled = await give(
      world,
      ['1', '2', '3'].map((id) => inputOf(strange('s', null), id)),
    );
    expect(new Set(handled.map(({ verdict }) => verdict))).toEqual(new Set(['done']));
    expect(world.logs.filter((line) => line.includes('strange'))).toHaveLength(1);
    expect(world.counts.get('unknown_type')).toBe(3);
  });
});

describe('a command', () => {
  const lamp = defineDevice({
    type: 'lamp',
    state: z.object({ on: z.boolean() }),
    initial: { on: false },
    reports: {},
    commands: { flash: { data: z.object({ times: z.number() }), expiresMs: 60_000 } },
  });
  const flasher = defineHandler({ name: 'flasher', state: z.null(), initial: null }).on(
    asked,
    ({ event }) => ({
      emit: [lamp.commands.flash(event.subject, { times: 1 }), told(event.subject, { after: [] })],
    }),
  );
  const app = defineApp({ source: 'urn:lamp', parts: [lamp, flasher, events(told)] });

  it('is never sent after its time, and what follows it is', async () => {
    const world = engineWorld(app, ({ publisher, clock }) => ({
      publisher: faultyPublisher(publisher, during(clock, 0, 60_000, 'down')),
    }));
    await give(world, [ask('1')]);
    await sweepFor(world, 600_000);
    expect(world.publisher.published.map(({ event }) => event.type)).toEqual(['told']);
    expect(codesIn(world)).toEqual(['expired']);
    expect((await read(world.runtime, flasher.ref('s'))).outputs).toEqual([]);
  });

  it('is not sent late because what was sent before it took long', async () => {
    const world = engineWorld(app, ({ publisher, clock }) => ({
      publisher: {
        async publish(outgoing) {
          const results = await publisher.publish(outgoing);
          await clock.sleep(59_000);
          return results;
        },
      },
    }));
    await give(world, [ask('1'), ask('2')]);
    await sweepFor(world, 600_000);
    const sent = world.publisher.published.map(({ event }) => event.type);
    expect(sent).toEqual(['lamp.flash', 'told', 'told']);
    expect(codesIn(world)).toEqual(['expired']);
  });

  it('that was sent, but whose subscribers were not reached, was sent', async () => {
    const watcher = defineHandler({ name: 'watcher', state: z.number(), initial: 0 }).on(
      lamp.commands.flash,
      ({ state, now, event }) => {
        if (Date.parse(event.time ?? '') === now && state === 0 && world.clock.now() < 90_000)
          throw new Error('not yet');
        return { state: state + 1 };
      },
    );
    const world: EngineWorld = engineWorld(
      defineApp({ source: 'urn:lamp', parts: [lamp, flasher, watcher, events(told)] }),
    );
    await give(world, [ask('1')]);
    await sweepFor(world, 600_000);
    expect(codesIn(world)).toEqual([]);
    expect((await read(world.runtime, watcher.ref('s'))).state).toBe(1);
  });
});

describe('an erased subject', () => {
  it('refuses every input, and nothing of it is spread', async () => {
    const world = engineWorld(door);
    await give(world, [enter('1', 'secret')]);
    await erase(world.runtime, lock.ref('front'));
    expect(await give(world, [enter('2', 'secret')])).toMatchObject([
      { verdict: 'rejected', code: 'erased' },
    ]);
    expect([...world.store.entries().values()].map(({ body }) => body).join()).not.toContain(
      'secret',
    );
    expect(JSON.stringify(world.letters.published)).not.toContain('secret');
    expect(codesIn(world)).toEqual(['erased']);
  });

  it('is told nothing by a cascade, and the cascade goes on', async () => {
    const world = engineWorld(chain);
    await erase(world.runtime, second.ref('s'));
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'done' }]);
    expect((await read(world.runtime, first.ref('s'))).outputs).toEqual([]);
    expect(world.letters.published).toEqual([]);
  });

  it('begins anew when it is reopened, and still knows what it was told', async () => {
    const world = engineWorld(door);
    await give(world, [enter('1', 'right')]);
    await erase(world.runtime, lock.ref('front'));
    await reopen(world.runtime, lock.ref('front'));
    expect(await give(world, [enter('1', 'right'), enter('2', 'new')])).toMatchObject([
      { verdict: 'done', duplicate: true },
      { verdict: 'done' },
    ]);
    expect((await read(world.runtime, lock.ref('front'))).state.note).toBe('new');
  });
});

describe('a record that is too large', () => {
  const small = () => ({ store: memoryStore({ maxRecordBytes: 2000 }) });

  it('rejects the input that would make its state so', async () => {
    const world = engineWorld(door, small);
    const long = enter('1', 'x'.repeat(3000));
    expect(await give(world, [enter('0', 'short'), long, enter('2', 'fine')])).toMatchObject([
      { verdict: 'done' },
      { verdict: 'rejected', code: 'record-too-large' },
      { verdict: 'done' },
    ]);
  });

  it('takes a batch in parts when only its outputs are too many', async () => {
    const world = engineWorld(door, small);
    const batch = Array.from({ length: 20 }, (_, at) => enter(String(at), 'y'.repeat(200)));
    const handled = await give(world, batch);
    expect(new Set(handled.map(({ verdict }) => verdict))).toEqual(new Set(['done']));
    expect(idsIn(world.publisher)).toHaveLength(20);
  });

  it('waits until its outputs are delivered', async () => {
    const store = memoryStore({ maxRecordBytes: 2000 });
    const world = engineWorld(door, ({ publisher, clock }) => ({
      store,
      publisher: faultyPublisher(publisher, during(clock, 0, 1000, 'down')),
    }));
    const batch = ['1', '2', '3', '4'].map((id) => enter(id, 'z'.repeat(300)));
    const handled = await give(world, batch, { order: 'key' });
    expect(handled.map(({ verdict }) => verdict)).toEqual(['done', 'done', 'retry', 'retry']);
    expect(handled[2]).toMatchObject({ code: 'record-too-large' });
    await world.clock.advance(600_000);
    const after = await give(world, batch, { order: 'key' });
    expect(new Set(after.map(({ verdict }) => verdict))).toEqual(new Set(['done']));
    expect(idsIn(world.publisher)).toHaveLength(4);
  });
});

describe('dead letters', () => {
  const poison = defineHandler({ name: 'poison', state: z.null(), initial: null }).on(
    asked,
    ({ event }) => ({
      emit: [
        opened(event.subject, { note: 'x'.repeat(500) }),
        opened(event.subject, { note: 'y'.repeat(500) }),
      ],
    }),
  );
  const app = defineApp({ source: 'urn:poison', parts: [poison, events(opened)] });

  it.each([true, false])(
    'do not go round in circles when nobody takes them (with a sweep: %s)',
    async (hasSweep) => {
      const world = engineWorld(app, ({ letters }) => ({
        publisher: faultyPublisher(memoryPublisher(), () => 'refused'),
        deadLetters: faultyPublisher(letters, () => 'down'),
        sweep: hasSweep,
      }));
      const [handled] = await give(world, [ask('1')]);
      expect(handled?.verdict).toBe(hasSweep ? 'done' : 'retry');
      expect((await read(world.runtime, poison.ref('s'))).outputs).toHaveLength(2);
    },
  );

  it('go without the event when they are too large to be taken with it', async () => {
    const letters = memoryPublisher({ maxEventBytes: 800 });
    const world = engineWorld(app, () => ({
      publisher: faultyPublisher(memoryPublisher(), () => 'refused'),
      deadLetters: letters,
    }));
    await give(world, [ask('1')]);
    await sweepFor(world, 60_000);
    expect(letters.published).toHaveLength(2);
    expect(letters.published[0]?.event.data).toMatchObject({ event: { type: 'opened' } });
    expect((await read(world.runtime, poison.ref('s'))).outputs).toEqual([]);
    const { event, ...input } = ask('2');
    const broken = { ...event, data: 'x'.repeat(1000) };
    expect(await give(world, [{ ...input, event: broken }])).toMatchObject([
      { verdict: 'rejected' },
    ]);
  });

  it('do not keep own subscribers from what nobody will publish', async () => {
    const world = engineWorld(chain, ({ store }) => ({
      publisher: faultyPublisher(memoryPublisher(), () => 'refused'),
      store: faultyStore(store, ({ key, nth }) => (key === 'B/s' && nth < 4 ? 'full' : undefined)),
    }));
    await give(world, [ask('1')]);
    expect((await read(world.runtime, second.ref('s'))).state).toEqual([]);
    await sweepFor(world, 60_000);
    expect((await read(world.runtime, second.ref('s'))).state).toHaveLength(1);
    expect(codesIn(world)).toEqual(['publisher-unavailable', 'publisher-unavailable']);
  });

  it('do not keep from the publisher what an own subscriber rejects', async () => {
    const strict = defineHandler({ name: 'strict', state: z.null(), initial: null }).on(
      told,
      () => ({
        reject: { code: 'no' },
      }),
    );
    const world = engineWorld(
      defineApp({ source: 'urn:strict', parts: [first, second, strict] }),
      ({ publisher, clock }) => ({
        publisher: faultyPublisher(publisher, during(clock, 0, 1000, 'down')),
      }),
    );
    await give(world, [ask('1')]);
    await sweepFor(world, 60_000);
    expect(world.publisher.published.map(({ event }) => event.type)).toEqual(['passed', 'told']);
    expect(codesIn(world)).toEqual(['no']);
  });
});

describe('a deadline', () => {
  it('that is near lets nothing new begin, and the rest come again', async () => {
    const world = engineWorld(chain, () => ({ deadline: 200 }));
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'retry', code: 'deadline' }]);
    expect(world.store.entries().size).toBe(0);
  });

  it('that comes near in the middle leaves the rest to the sweep', async () => {
    const world = engineWorld(chain, ({ publisher, clock }) => ({
      deadline: 1000,
      publisher: {
        ordered: true,
        async publish(outgoing) {
          await clock.sleep(900);
          return publisher.publish(outgoing);
        },
      },
    }));
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'done' }]);
    expect(idsIn(world.publisher)).toHaveLength(1);
    const { deadline: _, ...later } = world.runtime;
    await sweepFor({ ...world, runtime: later }, 120_000);
    expect(idsIn(world.publisher, 'told')).toHaveLength(1);
  });
});
