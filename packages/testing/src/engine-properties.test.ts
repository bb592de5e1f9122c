import { defineApp, defineEvent, defineHandler, events } from '@hearth/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { endingDifferences, endingOf, type Ending } from './ending.ts';
import {
  anyDelivery,
  anyTrouble,
  deliverTo,
  plainDelivery,
  troubled,
  type Delivery,
} from './engine-delivery.ts';
import { engineWorld, inputOf } from './engine-world.ts';
import { witnessed, type Sight } from './witness.ts';

// A chain of two handlers for each subject, in which order shows, with timers; and a sum over all subjects, in which it does not.
const data = z.object({ n: z.number() });
const told = defineEvent('told', data);
const due = defineEvent('due', data);
const passed = defineEvent('passed', data);
const shown = defineEvent('shown', data);

const list = (name: string) => ({ name, state: z.array(z.number()), initial: [] });
const first = defineHandler(list('first'))
  .on(
    told,
    ({
      state,
      event: {
        subject,
        data: { n },
      },
      now,
    }) => ({
      state: [...state, n],
      emit: n % 3 === 0 ? [] : [passed(subject, { n }), passed(subject, { n: state.length })],
      timers:
        n % 2 === 0 ? [{ key: `${n}`, at: now + 1500 * n, event: due(subject, { n: -n }) }] : [],
    }),
  )
  .on(
    due,
    ({
      state,
      event: {
        subject,
        data: { n },
      },
    }) => ({
      state: [...state, n],
      emit: passed(subject, { n }),
    }),
  );
const second = defineHandler(list('second')).on(
  passed,
  ({
    state,
    event: {
      subject,
      data: { n },
    },
  }) => ({
    state: [...state, n],
    emit: shown(subject, { n: state.length }),
  }),
);
const all = { name: 'sum', state: z.number(), initial: 0, subject: () => 'all' };
const sum = defineHandler(all).on(
  passed,
  ({
    state,
    event: {
      data: { n },
    },
  }) => ({
    state: state + n * n + 1,
  }),
);
const app = defineApp({ source: 'urn:chain', parts: [first, second, sum, events(shown)] });

// Most of what it is told changes nothing.
const kept = defineEvent('kept', data);
const keeper = defineHandler({ name: 'keeper', state: z.number(), initial: 0 }).on(
  told,
  ({
    state,
    event: {
      subject,
      data: { n },
    },
  }) => {
    const next = Math.floor(n / 3);
    return next === state ? {} : { state: next, emit: kept(subject, { n: next }) };
  },
);
const quiet = defineApp({ source: 'urn:quiet', parts: [keeper, events(kept)] });

type Said = readonly { readonly subject: string; readonly n: number }[];

const log: fc.Arbitrary<Said> = fc.array(
  fc.record({ subject: fc.constantFrom('a', 'b', 'c'), n: fc.nat(6) }),
  { minLength: 1, maxLength: 10 },
);

async function tell(said: Said, given: Delivery, own = app): Promise<Ending> {
  const sights: Sight[] = [];
  const seen = witnessed(own, (sight) => sights.push(sight));
  const world = engineWorld(seen, (healthy) => troubled(healthy, given));
  const inputs = said.map(({ subject, n }, at) =>
    inputOf(told(subject, { n }), String(at), { now: at * 1000 }),
  );
  await deliverTo(world, inputs, given);
  const letters = world.letters.published.map(({ event }) => event);
  const { store, applied, publisher } = world;
  return endingOf({ app: own, store, applied, published: publisher.published, letters, sights });
}

describe('a log of inputs', () => {
  it('ends in the same records, ids and bytes however it is doubled, split, swept and cascaded', async () => {
    await fc.assert(
      fc.asyncProperty(log, anyDelivery, async (said, given) => {
        const [expected, ending] = [await tell(said, plainDelivery), await tell(said, given)];
        expect(endingDifferences(expected, ending)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('ends in the same records, ids and bytes whatever goes wrong with stores, publishers and processes', async () => {
    await fc.assert(
      fc.asyncProperty(log, anyTrouble, async (said, given) => {
        const [expected, ending] = [await tell(said, plainDelivery), await tell(said, given)];
        expect(endingDifferences(expected, ending)).toEqual([]);
        expect(ending.faults).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('ends the same if most of it changes nothing, as long as one process gets the doubles', async () => {
    await fc.assert(
      fc.asyncProperty(log, anyDelivery, async (said, given) => {
        const expected = await tell(said, plainDelivery, quiet);
        expect(endingDifferences(expected, await tell(said, given, quiet))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
