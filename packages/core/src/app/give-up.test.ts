import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, HearthError, sweep } from '../index.ts';
import type { Outgoing, PublishResult, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const pressed = defineEvent('pressed', z.object({}));
const rung = defineEvent('rung', z.object({}));
const bell = defineHandler({ name: 'bell', state: z.null(), initial: null }).on(
  pressed,
  ({ event }) => ({ emit: rung(event.subject, {}) }),
);
const app = defineApp({ source: 'urn:acme', parts: [bell, rung] });

const hourMs = 3_600_000;
const error = new HearthError('publisher-unavailable', 'Down.', { retryable: true });

async function pressedWhileDown(more: Partial<Runtime> = {}) {
  const deadLetters = memoryPublisher();
  const world = { now: 0, tries: 0 };
  const publish = async (events: readonly Outgoing[]): Promise<readonly PublishResult[]> => {
    world.tries += 1;
    return events.map(() => ({ outcome: 'failed', error }));
  };
  const runtime: Runtime = {
    store: memoryStore(),
    publisher: { publish },
    deadLetters,
    clock: {
      now: () => world.now,
      sleep: () => Promise.resolve(),
      within: () => Promise.reject(new Error('none')),
    },
    sweep: true,
    ...more,
  };
  const event = {
    specversion: '1.0',
    id: '1',
    source: 's',
    type: 'pressed',
    subject: 'b',
  } as const;
  await handle(app, [{ event: { ...event, data: {} }, principal: service }], runtime);
  const sweepUntil = async (until: number, everyMs: number) => {
    for (; world.now < until; world.now += everyMs) await sweep(app, runtime);
  };
  return { world, deadLetters, sweepUntil };
}

const service = { kind: 'service', id: 'test' } as const;

describe('an output that cannot be delivered', () => {
  it('is tried for a day before it becomes a dead letter', async () => {
    const { world, deadLetters, sweepUntil } = await pressedWhileDown();
    await sweepUntil(24 * hourMs, 600_000);
    expect(deadLetters.published).toEqual([]);
    expect(world.tries).toBeGreaterThan(100);
    await sweepUntil(25 * hourMs, 600_000);
    expect(deadLetters.published).toHaveLength(1);
  });

  it('is tried fifty times, however long nobody came', async () => {
    const { world, deadLetters, sweepUntil } = await pressedWhileDown();
    await sweepUntil(49 * 24 * hourMs, 24 * hourMs);
    expect([world.tries, deadLetters.published.length]).toEqual([49, 0]);
    await sweepUntil(51 * 24 * hourMs, 24 * hourMs);
    expect([world.tries, deadLetters.published.length]).toEqual([50, 1]);
  });

  it('is tried as long as the runtime says', async () => {
    const { deadLetters, sweepUntil } = await pressedWhileDown({ giveUpAfterMs: 9 * hourMs });
    await sweepUntil(9 * hourMs, 600_000);
    expect(deadLetters.published).toEqual([]);
    await sweepUntil(10 * hourMs, 600_000);
    expect(deadLetters.published).toHaveLength(1);
  });
});
