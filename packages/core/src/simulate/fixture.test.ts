import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler } from '../index.ts';
import { recordOf, simulation } from './index.ts';

const added = defineEvent('com.acme.added', z.object({ count: z.number() }));
const counter = defineHandler({
  name: 'counter',
  state: z.object({ count: z.number() }),
  initial: { count: 0 },
}).on(added, ({ state, event }) => ({ state: { count: state.count + event.data.count } }));
const app = defineApp({ source: 'urn:acme', parts: [counter] });

describe('a record put in place', () => {
  it('goes on from the state it was given', () => {
    const run = simulation(app);
    run.store.now.save([recordOf(counter.ref('c1'), { count: 40 })]);
    run.happen({ event: added('c1', { count: 2 }) });
    expect(run.read(counter.ref('c1')).state).toEqual({ count: 42 });
  });

  it('keeps what it remembers when it is given another state', () => {
    const run = simulation(app);
    run.happen({ event: added('c1', { count: 2 }) });
    const [stored] = run.store.now.load(['counter/c1']);
    run.store.now.save([recordOf(counter.ref('c1'), { count: 40 }, stored)]);
    expect(run.read(counter.ref('c1'))).toMatchObject({ state: { count: 40 }, remembered: 1 });
  });

  it('refuses a state that does not fit, naming the property', () => {
    expect(() => recordOf(counter.ref('c1'), { count: '40' })).toThrow('does not fit at "count"');
  });
});
