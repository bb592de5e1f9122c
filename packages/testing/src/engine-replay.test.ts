import { defineApp, defineDevice, defineHome, defineRule, each, lives, run } from '@hearth/core';
import type { Draft, Handler, Incoming } from '@hearth/core';
import type { Applied } from '@hearth/core/ports';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { endingOf } from './ending.ts';
import { anyDelivery, deliverTo } from './engine-delivery.ts';
import { engineWorld, inputOf, type EngineWorld } from './engine-world.ts';
import { faultyStore, type StoreFault } from './faults.ts';
import { seededFaults } from './plans.ts';

const thermostat = defineDevice({
  type: 'thermostat',
  state: z.object({ celsius: z.number().nullable(), setpoint: z.number() }),
  initial: { celsius: null, setpoint: 20 },
  writable: z.object({ setpoint: z.number() }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply: ({ celsius }, set) => set({ celsius }),
    },
  },
});
const home = defineHome({
  type: 'home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});
const rule = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) => thermostats.some(({ state: { celsius } }) => (celsius ?? 20) < 15.5),
  },
  forMs: 2000,
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { setpoint: 18 })),
});
const app = defineApp({ source: 'urn:house', parts: [thermostat, home, rule] });

const anything: fc.Arbitrary<Draft> = fc.oneof(
  fc
    .tuple(fc.constantFrom('t1', 't2'), fc.integer({ min: 10, max: 20 }))
    .map(([id, celsius]) => thermostat.events.temperature(id, { celsius })),
  fc.nat(1).map((occupants) => home.set('h1', { occupants })),
  fc
    .tuple(fc.constantFrom('t1', 't2'), fc.constantFrom('h1', 'h2', null))
    .map(([id, where]) => lives(id, where)),
);

/** Applies what an observer saw of one record once more, from the beginning. */
function replay(handler: Handler, subject: string, seen: readonly Applied[]): unknown {
  let state: unknown = handler.initial;
  let counter = 0;
  for (const { event, now, principal, reads = {}, emitted, rejected } of seen) {
    const input = { event: event as Incoming, now, principal, reads };
    const ran = run(app, handler, { subject, state, counter }, input);
    expect(ran.emitted).toEqual(emitted);
    if (rejected === undefined) ({ state } = ran);
    counter += ran.emitted.length;
  }
  return state;
}

async function statesOf({ store }: EngineWorld): Promise<ReadonlyMap<string, unknown>> {
  const none = { published: [], letters: [], sights: [], applied: [] };
  const { records } = await endingOf({ app, store, ...none });
  return new Map([...records].map(([key, { state }]) => [key, state]));
}

describe('every record', () => {
  it('is what a replay of its own applied sequence gives, whatever goes wrong', async () => {
    const anyWay = [fc.array(anything, { maxLength: 12 }), anyDelivery, fc.nat()] as const;
    await fc.assert(
      fc.asyncProperty(...anyWay, async (drafts, given, seed) => {
        const faults = seededFaults<StoreFault>(seed, [
          ['conflict', 0.1],
          ['write-lost', 0.1],
        ]);
        const world = engineWorld(app, ({ store }) => ({
          cascade: given.cascade,
          store: faultyStore(store, ({ operation }) =>
            operation === 'save' ? faults({}) : undefined,
          ),
        }));
        const inputs = drafts.map((draft, at) => inputOf(draft, String(at), { now: at * 1000 }));
        await deliverTo(world, inputs, given);
        const states = await statesOf(world);
        for (const [key, state] of states) {
          const [name = '', subject = ''] = key.split('/');
          const handler = app.handlers.get(name) as Handler;
          const seen = world.applied.filter(
            (one) => one.handler === handler.name && one.subject === subject,
          );
          expect(replay(handler, subject, seen)).toEqual(state);
        }
      }),
      { numRuns: 200 },
    );
  });
});
