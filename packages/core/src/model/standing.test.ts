import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  defineApp,
  defineDevice,
  handle,
  lives,
  read,
  type Draft,
  type Runtime,
} from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';
import { forgotten, standing } from './standing.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean(), room: z.string() }),
  initial: { isOn: false, room: '' },
  writable: z.object({ isOn: z.boolean() }),
  commands: { ring: { data: z.object({}), result: z.object({}), expiresMs: 60_000 } },
});
const app = defineApp({ source: 'urn:acme', parts: [lamp] });

function start() {
  const publisher = memoryPublisher();
  const clock = { now: () => 1_000, sleep: async () => {}, within: () => Promise.reject() };
  const runtime: Runtime = {
    store: memoryStore(),
    publisher,
    clock,
    deadLetters: memoryPublisher(),
  };
  let id = 0;
  const tell = async (kind: 'service' | 'device', ...drafts: readonly Draft[]) => {
    const principal = { kind, id: 'd1' } as const;
    const inputs = drafts.map((draft) => {
      id += 1;
      const event = { specversion: '1.0', id: `${id}`, source: 's', ...draft } as const;
      return { event, principal, attempt: 1 };
    });
    const handled = await handle(app, inputs, runtime, { order: 'key' });
    return handled.map(({ verdict, code }) => code ?? verdict);
  };
  const published = () => publisher.published.map(({ event }) => event);
  return { tell, published, twin: async () => (await read(runtime, lamp.ref('d1'))).state };
}

const bar = (barred: 'suspended' | null) => standing('d1', { barred });

describe('a device that is barred', () => {
  it('is not listened to, is not asked for anything, and is again when it is free', async () => {
    const { tell } = start();
    await tell('service', bar('suspended'));
    const words = [lamp.events.reported('d1', { isOn: true }), lamp.events.get('d1', {})];
    expect(await tell('device', ...words)).toEqual(['suspended', 'suspended']);
    const wishes = [lamp.set('d1', { isOn: true }), lamp.commands.ring('d1', {})];
    expect(await tell('service', ...wishes)).toEqual(['suspended', 'suspended']);
    expect(await tell('service', bar(null))).toEqual(['done']);
    expect(await tell('device', ...words)).toEqual(['done', 'done']);
  });

  it('can still be moved, and is told about by who imports', async () => {
    const { tell, twin } = start();
    await tell(
      'service',
      bar('suspended'),
      lives('d1', 'h1'),
      lamp.events.imported('d1', { room: 'x' }),
    );
    expect(await twin()).toMatchObject({
      home: 'h1',
      reported: { room: 'x' },
      barred: 'suspended',
    });
  });

  it('has none of its commands left', async () => {
    const { tell, published } = start();
    await tell('service', lamp.commands.ring('d1', {}), bar('suspended'));
    const ends = published().filter(({ type }) => type === 'lamp.ended');
    expect(ends).toMatchObject([{ data: { status: 'timedOut', code: 'cancelled' } }]);
  });

  it('is barred only if its model is meant', async () => {
    const { tell } = start();
    await tell('service', standing('d1', { barred: 'suspended', model: 'lock' }));
    expect(await tell('device', lamp.events.reported('d1', { isOn: true }))).toEqual(['done']);
  });

  it('is barred by a service, and not by itself', async () => {
    expect(await start().tell('device', bar('suspended'))).toEqual(['not-permitted']);
  });
});

describe('a device that changes hands', () => {
  const known = [
    lives('d1', 'h1'),
    lamp.events.imported('d1', { isOn: true, room: 'bedroom' }),
    lamp.set('d1', { isOn: false }),
    lamp.commands.ring('d1', {}),
  ];

  it('forgets what it reported and what was wished for; revisions go on', async () => {
    const { tell, twin, published } = start();
    await tell('service', ...known, forgotten('d1', { properties: 'all' }));
    expect(await twin()).toMatchObject({
      reported: { isOn: false, room: '' },
      reportedRev: 2,
      desired: {},
      desiredRev: 2,
      meta: { reported: {} },
    });
    const types = published().map(({ type }) => type);
    expect(types.filter((type) => type === 'lamp.desired')).toHaveLength(2);
    expect(types).toContain('lamp.ended');
  });

  it('forgets the named properties only', async () => {
    const { tell, twin } = start();
    await tell('service', ...known, forgotten('d1', { properties: ['room'] }));
    expect((await twin()).reported).toEqual({ isOn: true, room: '' });
    expect(Object.keys((await twin()).meta.reported ?? {})).toEqual(['isOn']);
  });

  it.each([
    [{}],
    [{ properties: 'some' }],
    [{ properties: [1] }],
    [{ properties: 'all', model: 1 }],
  ])('is not told so by %j', async (data) => {
    const draft = { ...forgotten('d1', { properties: 'all' }), data };
    expect(await start().tell('service', draft)).toEqual(['invalid-data']);
  });
});
