import type { HearthError } from '../event/error.ts';

/**
 * A record as a store keeps it.
 *
 * `key` is `<handler name>/<subject>`. `version` is the store's own opaque token for compare-and-swap (a counter, an ETag). `body` is
 * the core's text (JSON); a store never looks into it.
 */
export interface StoredRecord {
  readonly key: string;
  readonly version: string;
  readonly body: string;
}

/**
 * One conditional write of one record.
 *
 * `expected` is the version from `load`, or `null` for a record that must not exist yet. `due` is the instant (ms since the epoch) at
 * which the record wants to be swept, or `null`. `tags` are the indexed fields that `query` finds.
 */
export interface RecordWrite {
  readonly key: string;
  readonly expected: string | null;
  readonly body: string;
  readonly due: number | null;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * What became of one write.
 *
 * `conflict`: somebody else changed the record since it was loaded. `unknown`: the answer was lost, the write may or may not have
 * happened. `failed`: it certainly did not happen (a full disk, a throttled or oversized write). None of them is an exception.
 */
export type SaveResult =
  | { readonly outcome: 'saved'; readonly version: string }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'unknown'; readonly error: HearthError }
  | { readonly outcome: 'failed'; readonly error: HearthError };

/** One page of keys. They are hints: possibly stale, never missing for good. `cursor` is absent on the last page. */
export interface KeyPage {
  readonly keys: readonly string[];
  readonly cursor?: string;
}

/** Which part of the due index one sweeper looks at: `index` counts from 0 to `of` - 1, by a hash of the key. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** Asks for records whose `due` is at or before `before` (ms), earliest first within a shard. */
export interface DueRequest {
  readonly before: number;
  readonly limit: number;
  readonly shard?: Shard;
  readonly cursor?: string;
}

/** Asks for the records of one handler that carry `tag` = `value`, in key order. */
export interface TagRequest {
  readonly handler: string;
  readonly tag: string;
  readonly value: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** What a store can hold and promise; the core plans from these numbers before it writes. */
export interface StoreCapabilities {
  /** The largest body in UTF-8 bytes. */
  readonly maxRecordBytes: number;
  /** The largest key in UTF-8 bytes. */
  readonly maxKeyBytes: number;
  /** `crash-safe`: an acknowledged save survives the loss of the process and of power. */
  readonly durability: 'crash-safe' | 'best-effort' | 'none';
  /** How far `due` and `query` may lag behind a save, in ms. */
  readonly indexLagMs: number;
  /** Sustained writes of one record per second. */
  readonly writesPerRecordPerSecond: number;
}

/**
 * Keeps records. Compare-and-swap on one record is all the atomicity it must have.
 *
 * `load` answers in the order of the keys, each record at least as new as any save acknowledged before the call; the records are not
 * a snapshot of one instant. `save` answers for each write, independently and in order; two writes of one key in one call
 * are a caller's error: the call is refused with `duplicate-key` and nothing of it is done. A store without atomic indexes writes the index entry first, so that a crash leaves a stale hint and never a missing one.
 *
 * @throws {HearthError} `store-unavailable` (retryable) when a whole call cannot be carried out; no write of that call has happened.
 */
export interface StateStore {
  readonly capabilities: StoreCapabilities;
  load(keys: readonly string[]): Promise<readonly (StoredRecord | undefined)[]>;
  save(writes: readonly RecordWrite[]): Promise<readonly SaveResult[]>;
  due(request: DueRequest): Promise<KeyPage>;
  query(request: TagRequest): Promise<KeyPage>;
  /**
   * Saves tombstones: as `save`, and nothing of the earlier bodies, index entries or versions of these keys may remain readable in the
   * store afterwards.
   */
  erase(writes: readonly RecordWrite[]): Promise<readonly SaveResult[]>;
}
