import { defineApp, erase, events, handle, read, sweep } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { asked, engineWorld, first, inputOf, second, told } from './engine-world.ts';
import { exploreAll, type Choose, type Problem } from './explore.ts';
import { startWorker, type Worker } from './turns.ts';

const app = defineApp({ source: 'urn:chain', parts: [first, second, events(told)] });
const input = inputOf(asked('s', { after: ['secret'] }), 'secret-1', { now: 0 });

/** Lets an erasure run between the steps of a worker and a sweep, in the order that `choose` says. */
async function eraseMeanwhile(choose: Choose): Promise<readonly Problem[]> {
  const trace: string[] = [];
  const world = engineWorld(app, ({ clock }) => ({
    clock: { ...clock, sleep: async () => undefined },
  }));
  const { runtime, store } = world;
  await handle(app, [inputOf(asked('s', { after: [] }), 'secret-0', { now: 0 })], runtime);
  const workers: Worker<unknown>[] = [
    await startWorker(runtime, (gated) => handle(app, [input], gated)),
    await startWorker(runtime, (gated) => erase(gated, first.ref('s'))),
  ];
  let live = workers;
  while (live.length > 0) {
    const at = choose(live.length);
    trace.push(`${workers.indexOf(live[at] as Worker<unknown>)} ${live[at]?.at}`);
    await live[at]?.step();
    live = live.filter((worker) => worker.at !== undefined);
  }
  const eager = { ...store, due: async () => ({ keys: [...store.entries().keys()] }) };
  await sweep(app, { ...runtime, store: eager });
  const wrong: string[] = [];
  const look = await read(runtime, first.ref('s'));
  if (!look.erased) wrong.push('the record lives on');
  if (look.outputs.length > 0) wrong.push('the record has outputs');
  if (store.entries().get('A/s')?.body.includes('secret') === true)
    wrong.push('the record still says something');
  const [again] = await handle(app, [input], runtime);
  if (again?.verdict !== 'rejected' || again.code !== 'erased') wrong.push('an input was taken');
  return wrong.map((kind) => ({ kind, trace: trace.join('; ') }));
}

describe('an erasure', () => {
  it('wins over whoever is at work on the record, at whatever step', async () => {
    const explored = await exploreAll(eraseMeanwhile);
    expect(Object.fromEntries(explored.problems)).toEqual({});
    expect(explored.runs).toBeGreaterThan(50);
  });
});
