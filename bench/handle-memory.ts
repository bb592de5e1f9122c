import { memoryStore } from '@hearth/core/ports';
import type { Figures } from './figure.ts';
import { bareLoop, batchSize, handling, records } from './handling.ts';
import { duel, isQuick } from './rounds.ts';

/** Measures `handle` with the memory store, once every record's inbox is full: that is how it stays. */
export async function measure(): Promise<Figures> {
  const bodies = new Map<string, string>();
  const ours = handling(memoryStore());
  await ours(isQuick ? batchSize : records * 64);
  const peer = bareLoop({
    get: (key) => bodies.get(key),
    set: (key, body) => bodies.set(key, body),
    batch: (work) => work(),
  });
  const { ours: rate, ratio } = await duel(ours, peer, { multipleOf: batchSize });
  return {
    'handle.memory': {
      value: rate.perSecond,
      best: rate.best,
      unit: 'events/s',
      ratio,
      against: 'JSON.parse, zod, the step and a Map',
    },
  };
}
