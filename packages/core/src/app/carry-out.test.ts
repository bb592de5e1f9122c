import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const rung = defineEvent('com.acme.rung', z.object({}));
const bell = defineHandler({ name: 'bell', state: z.object({}), initial: {} }).on(
  rung,
  ({ event, now }) => ({ timers: [{ key: 'again', at: now + 1, event: rung(event.subject, {}) }] }),
);

const clock = {
  now: () => 0,
  sleep: async () => undefined,
  within: <T>(_: number, work: (signal: AbortSignal) => Promise<T>) =>
    work(new AbortController().signal),
};

function ring(wake: (at: number) => void | Promise<void>, times: Partial<typeof clock> = {}) {
  const publisher = memoryPublisher();
  const warn = vi.fn<(fields: object, message: string) => void>();
  const logger = { debug: warn, info: warn, warn, error: warn, fatal: warn };
  const runtime = { store: memoryStore(), publisher, clock: { ...clock, ...times }, wake, logger };
  const inputs = ['b1', 'b2'].map((subject, id) => ({
    event: { ...rung(subject, {}), specversion: '1.0', id: `${id}`, source: 's' } as const,
    principal: { kind: 'service', id: 'test' } as const,
  }));
  const app = defineApp({ source: 'urn:acme', parts: [bell] });
  return {
    warn,
    verdicts: handle(app, inputs, runtime).then((all) => all.map((one) => one.verdict)),
  };
}

describe('a wake-up', () => {
  it('is asked for once an instant, and waited for before the answer', async () => {
    let hasAsked = () => {};
    const asking = new Promise<void>((resolve) => {
      hasAsked = resolve;
    });
    const wake = vi.fn<() => Promise<void>>(() => asking);
    const { verdicts } = ring(wake);
    await vi.waitUntil(() => wake.mock.calls.length > 0);
    const early = await Promise.race([verdicts, new Promise((resolve) => setImmediate(resolve))]);
    expect([wake.mock.calls, early]).toEqual([[[1]], undefined]);
    hasAsked();
    expect(await verdicts).toEqual(['done', 'done']);
  });

  it.each([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
    ['rejects with nothing', () => Promise.reject()],
  ])('that %s keeps no input from being done, and is logged', async (_, wake) => {
    const { verdicts, warn } = ring(wake);
    expect(await verdicts).toEqual(['done', 'done']);
    expect(warn.mock.calls.map(([, message]) => message)).toEqual([
      'A wake-up could not be asked for; a sweep will do.',
    ]);
  });

  it('that takes longer than a second is not waited for', async () => {
    const waits: number[] = [];
    const within = (ms: number) => {
      waits.push(ms);
      return Promise.reject(new Error('too late'));
    };
    const { verdicts, warn } = ring(() => new Promise(() => {}), { within });
    expect(await verdicts).toEqual(['done', 'done']);
    expect([waits, warn.mock.calls.length]).toEqual([[1000], 1]);
  });
});

function fail(): never {
  throw new Error('no scheduler');
}
