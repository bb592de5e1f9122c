import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, read } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const rung = defineEvent('com.acme.rung', z.object({}));
const state = z.object({ rings: z.number() });
const bell = defineHandler({ name: 'bell', state, initial: { rings: 0 } }).on(rung, (input) => ({
  state: { rings: input.state.rings + 1 },
}));
const app = defineApp({ source: 'urn:acme', parts: [bell] });

it('lets a counter and a logger that throw disturb nothing', async () => {
  const fail = () => {
    throw new Error('full');
  };
  const runtime = {
    store: memoryStore(),
    publisher: memoryPublisher(),
    clock: { now: () => 0, sleep: () => Promise.resolve(), within: fail },
    count: fail,
    logger: { debug: fail, info: fail, warn: fail, error: fail, fatal: fail },
  };
  const event = { specversion: '1.0', source: 's', subject: 'b1', data: {} } as const;
  const principal = { kind: 'service', id: 'test' } as const;
  const handled = await handle(
    app,
    [
      { event: { ...event, id: '1', type: rung.type }, principal },
      { event: { ...event, id: '2', type: 'unheard' }, principal },
    ],
    runtime,
  );
  expect(handled).toEqual([{ verdict: 'done' }, { verdict: 'done' }]);
  expect((await read(runtime, bell.ref('b1'))).state).toEqual({ rings: 1 });
});
