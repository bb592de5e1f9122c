import type { Shard } from './state-store.ts';

/** A 32-bit hash of a key, the same on every store and machine: what shards of the due index are made by. */
export function keyHash(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  // FNV-1a alone leaves neighbouring keys in neighbouring shards: its low bits hardly mix.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Tells whether a shard looks after a key; without a shard, everything is looked after. */
export function inShard(key: string, shard: Shard | undefined): boolean {
  return shard === undefined || shard.of === 1 || keyHash(key) % shard.of === shard.index;
}
