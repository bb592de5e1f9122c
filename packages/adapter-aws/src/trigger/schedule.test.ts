import { defineApp, defineEvent, defineHandler, events, type Shard } from '@hearth/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { context, world } from '../../test/meter-world.ts';
import { iotRule, schedule } from '../index.ts';

const opened = defineEvent('com.acme.opened', z.object({}));
const forgotten = defineEvent('com.acme.forgotten', z.object({}));
const warned = defineEvent('com.acme.warned', z.object({}));
const door = defineHandler({ name: 'door', state: z.object({}), initial: {} })
  .on(opened, ({ event, now }) => ({
    timers: [{ key: 'close', at: now + 600_000, event: forgotten(event.subject, {}) }],
  }))
  .on(forgotten, ({ event }) => ({ emit: [warned(event.subject, {})] }));
const app = defineApp({ source: 'urn:acme:home', parts: [events(warned), door] });

const topics = { 'device/{device}/opened': { type: opened.type } };
const message = (device: string) => ({
  data_base64: Buffer.from('{}').toString('base64'),
  topic: `device/${device}/opened`,
  clientid: device,
  traceid: 't1',
});

it('a schedule runs the timers that are due, in as many sweeps as it takes', async () => {
  const at = world({ sweep: true });
  for (let n = 0; n < 5; n += 1) {
    await iotRule(app, { ...at.options, topics })(message(`d${n}`), context);
  }
  const sweeping = schedule(app, { ...at.options, limit: 2 });
  expect(await sweeping({}, context)).toEqual({ records: 0, failed: 0, more: false });
  await at.clock.advance(600_000);
  expect(await sweeping({}, context)).toEqual({ records: 5, failed: 0, more: false });
  expect(at.publisher.published.map(({ event }) => event.type)).toEqual(
    Array.from({ length: 5 }, () => warned.type),
  );
});

it('a schedule sweeps the shard that its input names, else that of its options, else all', async () => {
  const at = world();
  const shards: (Shard | undefined)[] = [];
  const store: typeof at.store = {
    ...at.store,
    due: (request) => {
      shards.push(request.shard);
      return at.store.due(request);
    },
  };
  const options = { ...at.options, store };
  await schedule(app, { ...options, shard: { index: 1, of: 2 } })(
    { shard: { index: 3, of: 4 } },
    context,
  );
  await schedule(app, { ...options, shard: { index: 1, of: 2 } })({ source: 'aws' }, context);
  await schedule(app, options)(undefined, context);
  expect(shards).toEqual([{ index: 3, of: 4 }, { index: 1, of: 2 }, undefined]);
});
