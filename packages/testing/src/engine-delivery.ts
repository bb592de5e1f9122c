import { handle, sweep, type CloudEvent, type Input } from '@hearth/core';
import * as fc from 'fast-check';
import { crashAt } from './crash.ts';
import type { EngineWorld } from './engine-world.ts';
import { faultyPublisher, faultyStore, type PublishFault, type StoreFault } from './faults.ts';
import { seededFaults } from './plans.ts';

/**
 * How a log of inputs comes in: which come twice and how many inputs later, the sizes of the batches, sweeps after them, how cascades
 * go, and what the trigger and the publisher say of order.
 */
export interface Delivery {
  readonly doubles: readonly (readonly [which: number, later: number])[];
  readonly sizes: readonly number[];
  readonly swept: readonly boolean[];
  readonly cascade: 'inline' | 'bus';
  readonly order: 'key' | 'none';
  readonly ordered: boolean;
  /** What goes wrong with stores and publishers, and after how many steps each process dies; nothing without it. */
  readonly trouble?: { readonly seed: number; readonly crashes: readonly number[] };
}

/** Any way in which up to ten inputs can come. */
export const anyDelivery: fc.Arbitrary<Delivery> = fc.record({
  doubles: fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 6 }),
  sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 10 }),
  swept: fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
  cascade: fc.constantFrom('inline' as const, 'bus' as const),
  order: fc.constantFrom('key' as const, 'none' as const),
  ordered: fc.boolean(),
});

/** Any way, with anything that can go wrong. */
export const anyTrouble: fc.Arbitrary<Delivery> = fc
  .tuple(
    anyDelivery,
    fc.record({
      seed: fc.nat(),
      crashes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 8 }),
    }),
  )
  .map(([delivery, trouble]) => ({ ...delivery, trouble }));

/** One input after the other. */
export const plainDelivery: Delivery = {
  doubles: [],
  sizes: [1],
  swept: [false],
  cascade: 'inline',
  order: 'key',
  ordered: true,
};

/** Gives inputs to a world in a certain way, and lets all timers run in the end. What must come again does. */
export async function deliverTo(
  world: EngineWorld,
  inputs: readonly Input[],
  given: Delivery,
): Promise<void> {
  const { clock } = world;
  const crashes = [...(given.trouble?.crashes ?? [])];
  const bringBack = busOf(world, given, crashes);
  for (const [nth, batch] of batchesOf(inputs, given).entries()) {
    const latest = Math.max(clock.now(), ...batch.map(({ now = 0 }) => now));
    await clock.advance(latest - clock.now());
    await handleAll(world, batch, given, crashes);
    if (given.swept[nth % given.swept.length] === true) await sweep(world.app, world.runtime);
    await bringBack();
  }
  // As often as a publisher can fail by chance.
  for (let round = 0; round < 15; round += 1) {
    await clock.advance(60_000);
    await sweep(world.app, world.runtime);
    await bringBack();
  }
}

function batchesOf(
  inputs: readonly Input[],
  { doubles, sizes }: Delivery,
): readonly (readonly Input[])[] {
  const places = inputs.map((input) => [input]);
  for (const [which, later] of doubles) {
    const input = inputs[which];
    if (input !== undefined) places[Math.min(which + later, places.length - 1)]?.push(input);
  }
  const left = places.flat();
  const batches: Input[][] = [];
  while (left.length > 0) batches.push(left.splice(0, sizes[batches.length % sizes.length]));
  return batches;
}

async function handleAll(
  { app, runtime }: EngineWorld,
  batch: readonly Input[],
  { order }: Delivery,
  crashes: number[],
): Promise<void> {
  let open = batch;
  for (let round = 0; round < 20 && open.length > 0; round += 1) {
    const nth = crashes.pop();
    const crash = nth === undefined ? undefined : crashAt(nth);
    const handled = await handle(app, open, crash?.runtime(runtime) ?? runtime, { order });
    // Nobody hears the answers of a dead process.
    if (crash?.crashed !== true) open = open.filter((_, at) => handled[at]?.verdict === 'retry');
  }
  if (open.length > 0) throw new Error('An input came twenty times, and must come again.');
}

/** What the ports of a world are like in this delivery: sleeping takes no time, so that timers run when they are due. */
export function troubled({ store, publisher, clock }: EngineWorld, given: Delivery) {
  const { trouble, cascade, ordered } = given;
  const lasting = { cascade, clock: { ...clock, sleep: async () => undefined } };
  const plain = { ordered, publish: publisher.publish };
  if (trouble === undefined) return { ...lasting, publisher: plain };
  const writes = seededFaults<StoreFault>(trouble.seed, [
    ['conflict', 0.1],
    ['write-lost', 0.1],
    ['answer-lost', 0.1],
  ]);
  const sends = seededFaults<PublishFault>(trouble.seed + 1, [
    ['failed', 0.1],
    ['answer-lost', 0.1],
  ]);
  return {
    ...lasting,
    store: faultyStore(store, ({ operation }) => (operation === 'save' ? writes({}) : undefined)),
    publisher: faultyPublisher(plain, sends),
  };
}

/** Brings back what was published, each event twice. */
function busOf(world: EngineWorld, given: Delivery, crashes: number[]) {
  const { app, publisher } = world;
  let returned = 0;
  if (given.cascade === 'inline') return async () => undefined;
  return async () => {
    for (; returned < publisher.published.length; returned += 1) {
      const { body = '' } = publisher.published[returned] ?? {};
      const event = JSON.parse(body) as CloudEvent;
      const principal = { kind: 'app', id: app.source } as const;
      const input = { event, principal, attempt: 1 };
      if (app.routes.has(event.type)) await handleAll(world, [input, input], given, crashes);
    }
  };
}
