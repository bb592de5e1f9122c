import { memoryDeadLetters, memoryStore, type StateStore } from '@hearth/core/ports';
import { auditDetails, eraseOwner, exportOwner, pseudonymousStore } from '@hearth/core/privacy';
import { sweep } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import {
  emptyWorld,
  markers,
  models,
  ownerWorld,
  type OwnerWorld,
} from './conformance/privacy/owner-world.ts';
import { atEveryStep } from './crash.ts';
import { faultyStore } from './faults.ts';

const owner = 'ada@x.org';
const request = { request: 'ticket-1', by: 'the desk' };
const secret = () => 'another secret of thirty-two characters';

async function start() {
  const raw = memoryStore();
  const letters = memoryDeadLetters();
  const world = await ownerWorld(pseudonymousStore(raw, { secret }), letters);
  const left = () => {
    const text = JSON.stringify([raw.snapshot(), letters.letters]);
    return markers.filter((marker) => text.includes(marker));
  };
  return { raw, letters, world, left };
}

async function linesOf(world: OwnerWorld, cursor?: string, most = Infinity) {
  const lines: { readonly line: string; readonly cursor: string }[] = [];
  const from = cursor === undefined ? request : { ...request, cursor };
  for await (const line of exportOwner(world.app, world.runtime, owner, from)) {
    lines.push(line);
    if (lines.length === most) break;
  }
  return lines;
}

describe('an erasure', () => {
  it('goes on after a crash at whatever step, and ends with nothing left', async () => {
    const { raw, letters, world } = await start();
    const [before, kept] = [raw.snapshot(), letters.letters];
    const steps = await atEveryStep(async (crash) => {
      const store = memoryStore();
      store.restore(before);
      const now = memoryDeadLetters();
      const outgoing = kept.map(({ body }) => ({ event: JSON.parse(body), body }));
      await now.publish(outgoing);
      const { app, runtime } = emptyWorld(pseudonymousStore(store, { secret }), now);
      const run = (at: typeof runtime) => eraseOwner(app, at, owner, { ...request, settleMs: 0 });
      await run(crash.runtime(runtime)).catch(() => undefined);
      expect((await run(runtime)).status).toBe('done');
      const text = JSON.stringify([store.snapshot(), now.letters]);
      expect(markers.filter((marker) => text.includes(marker))).toEqual([]);
    });
    expect(world.app.handlers.size).toBeGreaterThan(5);
    expect(steps).toBeGreaterThan(60);
  });

  it('looks once more after a while, and finds what a slow worker has written since', async () => {
    const { world, left } = await start();
    const { app, runtime, clock, say } = world;
    const slow = { ...runtime, cascade: 'bus' } as const;
    const first = await eraseOwner(app, slow, owner, { ...request, settleMs: 60_000 });
    expect(first).toMatchObject({ status: 'settling', again: clock.now() + 60_000 });
    // A copy for Bob's home that was on the bus while Ada was erased.
    const { lamp } = models;
    const { type, subject, data } = lamp.events.changed('ada-lamp', { label: 'Lovelace' });
    await say({ type, subject, data, partition: 'bob-home' }, 'late');
    expect(left()).toContain('Lovelace');
    expect((await eraseOwner(app, slow, owner, request)).status).toBe('settling');
    await clock.advance(60_000);
    expect((await eraseOwner(app, slow, owner, request)).status).toBe('done');
    expect(left()).toEqual([]);
  });

  it('erases what it could not read, and does not act for another person under the same request', async () => {
    const { raw, world, left } = await start();
    const { app, runtime } = world;
    const found = raw
      .snapshot()
      .entries.find(({ record: { body } }) => body.includes('Hello, Lovelace'));
    if (found === undefined) throw new Error('There is nobody.');
    const { record } = found;
    const { key, version: expected } = record;
    const text = record.body.slice(record.body.lastIndexOf('\n'));
    await raw.save([{ key, expected, body: `broken Lovelace${text}`, due: null, tags: {} }]);
    await eraseOwner(app, runtime, owner, { ...request, settleMs: 0 });
    expect(left()).toEqual([]);
    await expect(eraseOwner(app, runtime, 'bob@x.org', request)).rejects.toMatchObject({
      code: 'invalid-option',
      field: 'request',
    });
  });

  it('is not begun unless it can be entered in the audit trail', async () => {
    const { raw, world } = await start();
    const { app, runtime } = world;
    const isEntry = (key = '') => key.startsWith('hearth.audit');
    const store: StateStore = faultyStore(runtime.store, ({ key }) =>
      isEntry(key) ? 'full' : undefined,
    );
    const before = JSON.stringify(raw.snapshot());
    const erasing = eraseOwner(app, { ...runtime, store }, owner, request);
    await expect(erasing).rejects.toMatchObject({ retryable: true });
    expect(JSON.stringify(raw.snapshot())).toBe(before);
  });

  it.each([
    ['an owner', '', request],
    ['a request', owner, { ...request, request: 'a\nb' }],
    ['somebody', owner, { ...request, by: '' }],
    ['anything', owner, undefined as never],
  ])('refuses to begin without %s', async (_, who, options) => {
    const { world } = await start();
    await expect(eraseOwner(world.app, world.runtime, who, options)).rejects.toMatchObject({
      code: 'invalid-option',
    });
  });

  it('says that dead letters were out of reach', async () => {
    const { world } = await start();
    const { deadLetters: _, ...runtime } = world.runtime;
    const done = await eraseOwner(world.app, runtime, owner, { ...request, settleMs: 0 });
    expect(done.unreached).toEqual(['dead letters']);
  });
});

describe('an export', () => {
  it('goes on where it broke off, with the same ids', async () => {
    const { world } = await start();
    const whole = (await linesOf(world)).map(({ line }) => (JSON.parse(line) as { id: string }).id);
    for (let most = 1; most < whole.length; most += 3) {
      const first = await linesOf(world, undefined, most);
      const rest = await linesOf(world, first.at(-1)?.cursor);
      const ids = [...first, ...rest].map(({ line }) => (JSON.parse(line) as { id: string }).id);
      expect([...new Set(ids)]).toEqual(whole);
    }
  });

  it('is entered in the audit trail, which names nobody', async () => {
    const { world } = await start();
    await linesOf(world);
    const { trail } = world.privacy;
    const details = await auditDetails(trail, world.runtime, 'ticket-1');
    expect(details).toMatchObject([{ what: 'hearth.privacy.exporting', by: 'service:the desk' }]);
    expect(JSON.stringify(details)).not.toContain('ada');
  });

  it.each(['x', '[]', '["aaaaaaaa","s"]'])('refuses the cursor %s', async (cursor) => {
    const { world } = await start();
    await expect(linesOf(world, cursor)).rejects.toMatchObject({ field: 'cursor' });
  });
});

describe('the log', () => {
  it('names nothing personal, whatever goes wrong', async () => {
    const { world } = await start();
    const { say, runtime, app, clock, logs } = world;
    const { lamp, met, home } = models;
    const angry = () => Promise.reject(new Error('Lovelace could not be reached at ada@x.org'));
    const down = { ...runtime, publisher: { publish: angry }, deadLetters: { publish: angry } };
    const full = { ...runtime, store: { ...runtime.store, save: angry, load: angry } };
    const speaksFor = () => {
      throw new Error('Lovelace');
    };
    await say(met(owner, { name: 'Lovelace' }), 'a', down);
    await say(met(owner, { name: 'Lovelace' }), 'b', full);
    await say(met(owner, { name: 'Lovelace' }), 'c', { ...runtime, speaksFor });
    await say(met(owner, { name: 7 as never, friend: 'Lovelace' }), 'd', down);
    await say(lamp.events.reported('ada-lamp', { Lovelace: 1 } as never), 'e');
    await say(home.set('ada-home', { owner: 1 as never, label: 'Lovelace' }), 'f');
    await say({ type: 'unknown', subject: owner, data: 'Lovelace' }, 'g');
    await clock.advance(2e9);
    await sweep(app, down);
    await eraseOwner(app, full, owner, request).catch(() => undefined);
    await eraseOwner(app, runtime, owner, { ...request, settleMs: 0 });
    expect(logs.length).toBeGreaterThan(5);
    expect(markers.filter((marker) => logs.join('\n').includes(marker))).toEqual([]);
  });
});
