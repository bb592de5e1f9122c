import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { ask } from '../app/ask.ts';
import { defineApp } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import { simulation } from '../simulate/index.ts';
import { defineDevice } from './device.ts';
import type { Draft } from './event.ts';
import { defineHandler } from './handler.ts';

const model = {
  type: 'com.acme.lock',
  state: z.object({ lockState: z.number() }),
  initial: { lockState: 1 },
  commands: {
    unlock: {
      data: z.object({ by: z.string() }),
      result: z.object({ lockState: z.number() }),
      expiresMs: 10_000,
      allow: ['user'],
    },
    ring: { data: z.object({}), expiresMs: 5_000 },
  },
} as const;
const lock = defineDevice(model);
const log = defineHandler({ name: 'log', state: z.array(z.unknown()), initial: [] }).on(
  lock.events.presence,
  ({ state, event }) => ({ state: [...state, event.data.online] }),
);

const device: Principal = { kind: 'device', id: 'l1' };
const ann: Principal = { kind: 'user', id: 'ann' };
const unlock = lock.commands.unlock('l1', { by: 'ann' });

function start(of = lock) {
  const run = simulation(defineApp({ source: 'urn:acme', parts: [of, log] }), {
    speaksFor: ({ kind, id }, subject) => kind === 'user' || kind === 'hub' || id === subject,
  });
  const say = (event: Draft, principal: Principal = device) => run.happen({ event, principal })[0];
  const sent = <D = { readonly command: string }>(type: string) =>
    run.published.flatMap((event) =>
      event.type === `com.acme.lock.${type}` ? [event.data as D] : [],
    );
  const give = () => {
    say(unlock, ann);
    return sent('request').at(-1)?.command ?? '';
  };
  const answer = (command: string, status: string, more: object = {}) =>
    say(lock.events.answered('l1', { command, status: status as 'failed', ...more }));
  const queue = () => run.read(of.connection('l1')).state;
  return { run, say, sent, give, answer, queue };
}

describe('a command with a result', () => {
  it('is sent to the device, with its name and until when it may be done', () => {
    const { give, run, queue } = start();
    const command = give();
    const request = run.published.find(({ type }) => type === 'com.acme.lock.request');
    const until = '1970-01-01T00:00:10.000Z';
    expect(request).toMatchObject({
      data: { command, name: 'unlock', data: { by: 'ann' }, until },
      expirytime: until,
    });
    expect(queue().open).toMatchObject([{ status: 'sent' }]);
  });

  it.each([
    ['succeeded', { result: { lockState: 2 } }],
    ['failed', { code: 'jammed' }],
    ['rejected', { code: 'wrong-pin' }],
  ])('ends as the device says: %s', (status, more) => {
    const { give, answer, sent, queue } = start();
    const command = give();
    answer(command, 'inProgress');
    expect(queue().open).toMatchObject([{ status: 'inProgress' }]);
    const end = { command, name: 'unlock', status, ...more };
    expect(answer(command, status, more)).toEqual({ verdict: 'done' });
    expect(sent('ended')).toMatchObject([end]);
    expect(queue().open).toEqual([]);
  });

  it('has timed out when the device does not answer in time, and a late answer changes nothing', () => {
    const { run, give, answer, sent } = start();
    const command = give();
    run.advanceTo(10_000);
    expect(sent('ended')).toMatchObject([{ command, status: 'timedOut' }]);
    answer(command, 'succeeded', { result: { lockState: 2 } });
    expect(sent('ended')).toHaveLength(1);
  });

  it('is not ended by a result that does not fit', () => {
    const { give, answer, queue } = start();
    const answered = answer(give(), 'succeeded', { result: { lockState: 'open' } });
    expect(answered).toMatchObject({
      code: 'invalid-data',
      data: { field: 'data.result.lockState' },
    });
    expect(queue().open).toHaveLength(1);
  });

  it('waits until the one before has ended', () => {
    const { give, say, answer, sent } = start();
    const first = give();
    say(unlock, ann);
    expect(sent('request')).toHaveLength(1);
    answer(first, 'succeeded', { result: { lockState: 2 } });
    expect(sent('request')).toHaveLength(2);
  });

  it('is given only by whom the model allows', () => {
    const { say, sent } = start();
    expect(say(unlock, { kind: 'hub', id: 'h1' })).toMatchObject({ code: 'not-permitted' });
    expect(say(unlock, device)).toMatchObject({ code: 'not-permitted' });
    expect(sent('request')).toEqual([]);
  });

  it('is not taken when too many wait already', () => {
    const { say } = start();
    for (let count = 0; count < 64; count += 1) say(unlock, ann);
    expect(say(unlock, ann)).toMatchObject({ verdict: 'rejected', code: 'too-many-commands' });
  });

  it('is sent again, under the same name, to a device that comes back without having answered', () => {
    const { give, say, sent } = start();
    const command = give();
    say(lock.events.connected('l1', { session: '2' }));
    expect(sent('request')).toMatchObject([{ command }, { command }]);
  });
});

describe('a sleepy device', () => {
  const sleepy = defineDevice({ ...model, sleepy: true });

  it('is sent a command when it wakes up', () => {
    const { say, sent } = start(sleepy);
    say(unlock, ann);
    expect(sent('request')).toEqual([]);
    say(lock.events.connected('l1', { session: '1' }));
    expect(sent('request')).toHaveLength(1);
  });

  it('is never sent one that has expired in its sleep', () => {
    const { run, say, sent } = start(sleepy);
    say(unlock, ann);
    run.advanceTo(10_000);
    say(lock.events.connected('l1', { session: '1' }));
    expect(sent('request')).toEqual([]);
    expect(sent('ended')).toMatchObject([{ status: 'expired' }]);
  });
});

describe('a connection', () => {
  const connected = (session: string) => lock.events.connected('l1', { session });
  const disconnected = (session: string) => lock.events.disconnected('l1', { session });

  it('is not ended by the last will of the session before', () => {
    const { run, say, queue } = start();
    for (const event of [connected('1'), connected('2'), disconnected('1')]) say(event);
    expect(queue().session).toBe('2');
    say(disconnected('2'));
    expect(queue().session).toBeNull();
    expect(run.read(log.ref('l1')).state).toEqual([true, false]);
  });

  it('is told by the device only', () => {
    const { say } = start();
    expect(say(connected('1'), { kind: 'anonymous', id: '' })).toMatchObject({
      code: 'not-permitted',
    });
  });
});

describe('who asks', () => {
  const app = defineApp({ source: 'urn:acme', parts: [lock] });
  const event = (type: string, id: string, data: unknown) => ({
    specversion: '1.0' as const,
    id,
    source: 'urn:phone',
    type: `com.acme.lock.${type}`,
    subject: 'l1',
    data,
  });

  /** A lock that answers at once, or not at all. */
  function lockThat(answers: boolean): Runtime {
    const clock = {
      now: () => 0,
      // Whoever waits for an answer that comes waits as long as it takes.
      sleep: () => (answers ? new Promise<void>(() => undefined) : Promise.resolve()),
      within: <T>(_: number, work: (signal: AbortSignal) => Promise<T>) =>
        work(new AbortController().signal),
    };
    const runtime: Runtime = {
      store: memoryStore(),
      clock,
      speaksFor: () => true,
      publisher: {
        async publish(all) {
          for (const { event: sent } of all) {
            if (!answers || sent.type !== 'com.acme.lock.request') continue;
            const { command } = sent.data as { readonly command: string };
            const data = { command, status: 'succeeded', result: { lockState: 2 } };
            void handle(app, [{ event: event('answered', '2', data), principal: device }], runtime);
          }
          return all.map(() => ({ outcome: 'published' as const }));
        },
      },
    };
    return runtime;
  }
  const question = { event: event('unlock', '1', { by: 'ann' }), principal: ann };

  it('gets what the device has answered', async () => {
    const asked = await ask(app, question, lockThat(true), { withinMs: 1000 });
    expect(asked).toMatchObject({
      outcome: 'answered',
      reply: { name: 'unlock', status: 'succeeded', result: { lockState: 2 } },
    });
  });

  it('is told that it takes longer when the device does not answer in time', async () => {
    expect(await ask(app, question, lockThat(false), { withinMs: 1 })).toEqual({
      outcome: 'deferred',
    });
  });
});

it('types what a command is given and what became of it', () => {
  type EndedData = Parameters<typeof lock.events.ended>[1];
  expectTypeOf<EndedData['name']>().toEqualTypeOf<'unlock'>();
  expectTypeOf<EndedData['result']>().toEqualTypeOf<{ lockState: number } | undefined>();
  expectTypeOf(lock.commands.unlock).parameter(1).toEqualTypeOf<{ by: string }>();
  expectTypeOf(lock.commands.ring).parameter(1).toEqualTypeOf<Record<string, never>>();
});
