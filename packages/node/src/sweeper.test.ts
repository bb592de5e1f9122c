import { defineApp, defineEvent, defineHandler, events, handle, type Runtime } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { systemClock } from './clock.ts';
import { sweeper } from './sweeper.ts';

const pressed = defineEvent('com.acme.pressed', z.object({ forMs: z.number() }));
const released = defineEvent('com.acme.released', z.object({}));
const dark = defineEvent('com.acme.dark', z.object({}));
const lamp = defineHandler({ name: 'lamp', state: z.object({}), initial: {} })
  .on(pressed, ({ event, now }) => ({
    timers: [{ key: 'off', at: now + event.data.forMs, event: released(event.subject, {}) }],
  }))
  .on(released, ({ event }) => ({ emit: dark(event.subject, {}) }));
const app = defineApp({ source: 'urn:test', parts: [lamp, events(dark)] });

const principal = { kind: 'service', id: 'test' } as const;
let ids = 0;
const press = (forMs: number) => ({
  principal,
  event: {
    specversion: '1.0' as const,
    id: String((ids += 1)),
    source: 'urn:test:button',
    type: pressed.type,
    subject: 'l1',
    data: { forMs },
  },
});

function home(options: { readonly indexLagMs?: number } = {}) {
  const rung: number[] = [];
  const publisher = memoryPublisher();
  const publish: Runtime['publisher']['publish'] = (outgoing) => {
    for (const { event } of outgoing) if (event.type === dark.type) rung.push(Date.now());
    return publisher.publish(outgoing);
  };
  const store = memoryStore({ indexLagMs: options.indexLagMs ?? 0 });
  const runtime = { store, publisher: { ordered: true, publish }, clock: systemClock() };
  return { rung, runtime };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('sweeper', () => {
  it('runs a timer at its very instant, not at the next regular sweep', async () => {
    const { rung, runtime } = home();
    const sweeping = sweeper(app, runtime, { everyMs: 60_000 });
    await handle(app, [press(1_234)], sweeping.runtime);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rung).toEqual([1_234]);
    await sweeping.stop();
  });

  it('waits for an index that lags', async () => {
    const { rung, runtime } = home({ indexLagMs: 500 });
    const sweeping = sweeper(app, runtime, { everyMs: 60_000 });
    await handle(app, [press(100)], sweeping.runtime);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rung).toEqual([500]);
    await sweeping.stop();
  });

  it('begins with a sweep, for what another process left behind', async () => {
    const { rung, runtime } = home();
    await handle(app, [press(100)], { ...runtime, sweep: true });
    vi.setSystemTime(10_000);
    const sweeping = sweeper(app, runtime, { everyMs: 60_000 });
    await vi.advanceTimersByTimeAsync(0);
    expect(rung).toEqual([10_000]);
    await sweeping.stop();
  });

  it('finds a timer of another process at a regular sweep', async () => {
    const { rung, runtime } = home();
    const sweeping = sweeper(app, runtime, { everyMs: 1_000 });
    await handle(app, [press(1_500)], { ...runtime, sweep: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rung).toEqual([2_000]);
    await sweeping.stop();
  });

  it('leaves what belongs to another shard', async () => {
    const { rung, runtime } = home();
    const shards = [0, 1].map((index) =>
      sweeper(app, runtime, { everyMs: 1_000, shard: { index, of: 2 } }),
    );
    await handle(app, [press(500)], { ...runtime, sweep: true });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rung).toEqual([1_000]);
    await Promise.all(shards.map((one) => one.stop()));
  });

  it('does not run in circles while the store is away', async () => {
    const { runtime } = home();
    let asked = 0;
    const due = () => {
      asked += 1;
      return Promise.reject(new Error('away'));
    };
    const away = { ...runtime, store: { ...runtime.store, due } };
    const sweeping = sweeper(app, away, { everyMs: 1_000 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toBe(4);
    await sweeping.stop();
  });

  it('stops: no timer is left and nothing is swept any more', async () => {
    const { rung, runtime } = home();
    const sweeping = sweeper(app, runtime, { everyMs: 1_000 });
    await handle(app, [press(500)], sweeping.runtime);
    await sweeping.stop();
    await sweeping.sweepNow();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([rung, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
