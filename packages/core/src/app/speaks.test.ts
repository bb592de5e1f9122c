import { expect, it } from 'vitest';
import * as z from 'zod';
import { HearthError } from '../event/error.ts';
import { defineEvent } from '../model/event.ts';
import { defineHandler, handlerOf, type Grants, type Part } from '../model/handler.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { StateStore } from '../ports/state-store.ts';
import { defineApp } from './define-app.ts';
import { handle } from './handle.ts';

const paired = defineEvent('paired', z.object({ hub: z.string() }));
const said = defineEvent('said', z.object({ to: z.string().optional() }));
const opened = Object.assign(defineEvent('opened', z.object({})), { open: ['user'] as const });

const pairs = defineHandler({ name: 'pairs', state: z.string(), initial: '' }).on(
  paired,
  ({ event }) => ({ state: event.data.hub }),
  { from: ['service'] },
);
const plain = defineHandler({ name: 'diary', state: z.number(), initial: 0 })
  .on(said, ({ state }) => ({ state: state + 1 }))
  .on(opened, ({ state }) => ({ state: state + 1 }));
const diary = handlerOf<number>(
  { name: 'diary', state: z.number(), initial: 0 },
  new Map(
    [...plain.subscriptions].map(([type, known]) => [
      type,
      { ...known, concerns: ({ data }) => [(data as { to?: string }).to ?? []].flat() },
    ]),
  ),
);

/** A hub speaks for what is paired with it, and for what is paired with what is paired with it. */
const grants: Grants = {
  look: (principal, subject) => (principal.kind === 'hub' ? [pairs.ref(subject)] : []),
  may: ({ id }, _, held) => {
    const hub = held.at(-1) as string;
    if (hub === '' || hub === id) return hub === id;
    return [pairs.ref(hub)];
  },
};
const part: Part = { handlers: [pairs], defines: [], grants };
const app = defineApp({ source: 'urn:acme', parts: [part, diary] });

function start(store: StateStore = memoryStore()) {
  let loads = 0;
  const counted: StateStore = {
    ...store,
    load: (keys) => {
      loads += 1;
      return store.load(keys);
    },
  };
  const clock = { now: () => 0, sleep: async () => {}, within: () => Promise.reject() };
  const runtime: Runtime = { store: counted, publisher: memoryPublisher(), clock };
  let id = 0;
  const eventOf = (draft: { type: string; subject: string; data: unknown }) => {
    id += 1;
    return { specversion: '1.0', id: `${id}`, source: 's', ...draft } as const;
  };
  const say = async (principal: Principal, ...drafts: Parameters<typeof eventOf>[0][]) => {
    const inputs = drafts.map((draft) => ({ event: eventOf(draft), principal, attempt: 1 }));
    return (await handle(app, inputs, runtime)).map(({ verdict, code }) => code ?? verdict);
  };
  return { say, loads: () => loads };
}

const service: Principal = { kind: 'service', id: 'registry' };
const hub: Principal = { kind: 'hub', id: 'h' };

it('lets a hub speak for what a record says is behind it, and for nothing else', async () => {
  const { say } = start();
  await say(service, paired('a', { hub: 'h' }), paired('b', { hub: 'other' }));
  expect(await say(hub, said('a', {}), said('b', {}), said('c', {}))).toEqual([
    'done',
    'not-permitted',
    'not-permitted',
  ]);
});

it('shows a grant the further records that it asks for', async () => {
  const { say } = start();
  await say(service, paired('a', { hub: 'relay' }), paired('relay', { hub: 'h' }));
  expect(await say(hub, said('a', {}))).toEqual(['done']);
});

it('ends a grant that asks for ever', async () => {
  const { say } = start();
  await say(service, paired('a', { hub: 'b' }), paired('b', { hub: 'a' }));
  expect(await say(hub, said('a', {}))).toEqual(['not-permitted']);
});

it('asks for a whole batch at once, and not at all for who speaks for itself', async () => {
  const { say, loads } = start();
  await say(service, paired('a', { hub: 'h' }));
  const before = loads();
  await say({ kind: 'device', id: 'a' }, said('a', {}));
  expect(loads() - before).toBe(1);
  const drafts = Array.from({ length: 50 }, () => said('a', {}));
  await say(hub, ...drafts);
  expect(loads() - before).toBe(3);
});

it('demands that who says something speaks for everybody whom it concerns', async () => {
  const { say } = start();
  await say(service, paired('a', { hub: 'h' }), paired('b', { hub: 'h' }));
  expect(await say(hub, said('a', { to: 'b' }), said('a', { to: 'c' }))).toEqual([
    'done',
    'not-permitted',
  ]);
});

it('lets everybody of a kind say what is open to them, and nobody else', async () => {
  const { say } = start();
  expect(await say({ kind: 'user', id: 'ann' }, opened('a', {}))).toEqual(['done']);
  expect(await say({ kind: 'anonymous', id: '' }, opened('a', {}))).toEqual(['not-permitted']);
});

it('has an input come again when the records that tell cannot be read', async () => {
  const error = new HearthError('store-unavailable', 'No.', { retryable: true });
  const { say } = start({ ...memoryStore(), load: () => Promise.reject(error) });
  expect(await say(hub, said('a', {}))).toEqual(['store-unavailable']);
});
