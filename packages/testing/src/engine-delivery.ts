import { handle, sweep, type CloudEvent, type Input } from '@hearth/core';
import * as fc from 'fast-check';
import type { EngineWorld } from './engine-world.ts';

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
  const bringBack = busOf(world, given);
  for (const [nth, batch] of batchesOf(inputs, given).entries()) {
    const latest = Math.max(clock.now(), ...batch.map(({ now = 0 }) => now));
    await clock.advance(latest - clock.now());
    await handleAll(world, batch, given);
    if (given.swept[nth % given.swept.length] === true) await sweep(world.app, world.runtime);
    await bringBack();
  }
  for (let round = 0; round < 5; round += 1) {
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
): Promise<void> {
  let open = batch;
  for (let round = 0; round < 20 && open.length > 0; round += 1) {
    const handled = await handle(app, open, runtime, { order });
    open = open.filter((_, at) => handled[at]?.verdict === 'retry');
  }
  if (open.length > 0) throw new Error('An input came twenty times, and must come again.');
}

/** Brings back what was published, each event twice. */
function busOf({ app, runtime, publisher }: EngineWorld, { cascade }: Delivery) {
  let returned = 0;
  if (cascade === 'inline') return async () => undefined;
  return async () => {
    for (; returned < publisher.published.length; returned += 1) {
      const { body = '' } = publisher.published[returned] ?? {};
      const event = JSON.parse(body) as CloudEvent;
      const principal = { kind: 'app', id: app.source } as const;
      const input = { event, principal, attempt: 1 };
      if (app.routes.has(event.type)) await handle(app, [input, input], runtime);
    }
  };
}
