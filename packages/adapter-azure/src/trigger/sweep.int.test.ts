import { setImmediate as turn } from 'node:timers/promises';
import { handle, type Runtime } from '@hearth/core';
import { faultyPublisher, faultyStore } from '@hearth/testing';
import { fromServiceBus, fromTimer } from '@hearth/emulators/azure-host';
import { describe, expect, it } from 'vitest';
import { app, bytes, reading, world } from '../../test/meter.ts';
import { freshName, worker } from '../../test/worker.ts';
import { timer, wakes, type TimerOptions } from '../index.ts';

const service = { kind: 'service', id: 's' } as const;
const schedule = '0 * * * * *';

const ticks = (runtime: Runtime, rest: Partial<TimerOptions> = {}) => {
  const name = freshName();
  worker.app.timer(name, timer(app, { ...runtime, schedule, ...rest }));
  return () => fromTimer(worker, name);
};

/** Readings of some meters, each of which has set a timer for a minute later. */
async function withTimers(runtime: Runtime, count: number) {
  const subjects = Array.from({ length: count }, (_, i) => `m${i}`);
  const inputs = subjects.map((subject) => ({
    event: reading('1', 1, subject),
    principal: service,
  }));
  await handle(app, inputs, runtime);
  return subjects;
}

describe('a timer', () => {
  it('is told to the host with its schedule and nothing else', () => {
    const name = freshName();
    worker.app.timer(name, timer(app, { ...world().runtime, schedule, limit: 5 }));
    const [binding] = Object.values(worker.metadata(name).bindings);
    expect(binding).toMatchObject({ type: 'timerTrigger', schedule });
    expect(JSON.stringify(binding)).not.toContain('limit');
  });

  it('runs what is due, and not before', async () => {
    const at = world();
    await withTimers(at.runtime, 1);
    const tick = ticks(at.runtime);
    await at.clock.advance(59_000);
    await tick();
    expect((await at.state('m0')).sum).toBe(1);
    await at.clock.advance(1000);
    await tick();
    expect((await at.state('m0')).sum).toBe(0);
  });

  it('goes on while more is due than it looks at in one sweep', async () => {
    const at = world();
    const subjects = await withTimers(at.runtime, 7);
    await at.clock.advance(60_000);
    await ticks(at.runtime, { limit: 2 })();
    for (const subject of subjects) expect((await at.state(subject)).sum).toBe(0);
  });

  it('leaves to others what is in their shards, and all of them together leave nothing', async () => {
    const at = world();
    const subjects = await withTimers(at.runtime, 20);
    await at.clock.advance(60_000);
    const left: number[] = [];
    for (const index of [0, 1, 2]) {
      await ticks(at.runtime, { shard: { index, of: 3 } })();
      const sums = await Promise.all(subjects.map(async (one) => (await at.state(one)).sum));
      left.push(sums.filter((sum) => sum > 0).length);
    }
    expect(left[0]).toBeGreaterThan(0);
    expect(left[0]).toBeLessThan(20);
    expect(left[2]).toBe(0);
  });

  it('throws if what is due cannot be read, so that the failure is seen', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    await expect(ticks({ ...at.runtime, store })()).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
  });

  it('publishes what was left behind', async () => {
    const at = world();
    const publisher = faultyPublisher(at.publisher, () => 'failed');
    await withTimers({ ...at.runtime, publisher, sweep: true }, 1);
    expect(at.publisher.published).toEqual([]);
    await at.clock.advance(30_000);
    await ticks(at.runtime)();
    expect(at.publisher.published.length).toBe(1);
  });
});

describe('a wake-up', () => {
  const queue = (runtime: Runtime) => {
    const name = freshName();
    const options = { ...runtime, connection: 'BUS', queueName: 'wake' };
    worker.app.serviceBusQueue(name, wakes(app, options));
    return (bodies: readonly string[]) =>
      fromServiceBus(
        worker,
        name,
        bodies.map((body) => ({ body: bytes(body) })),
      );
  };

  it('runs what is due, whatever it says', async () => {
    const at = world();
    await withTimers(at.runtime, 1);
    await at.clock.advance(60_000);
    await queue(at.runtime)(['', '{"at":0}', 'no JSON']);
    expect((await at.state('m0')).sum).toBe(0);
  });

  it('comes again if what is due cannot be read', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    await expect(queue({ ...at.runtime, store })(['x'])).rejects.toThrow(/could be swept/);
  });

  it('ends when nothing can be done about what is due', async () => {
    const at = world();
    const publisher = faultyPublisher(at.publisher, () => 'failed');
    await withTimers({ ...at.runtime, publisher, sweep: true }, 3);
    await at.clock.advance(60_000);
    await queue({ ...at.runtime, publisher })(['x']);
    await turn();
    expect(at.publisher.published).toEqual([]);
  });
});
