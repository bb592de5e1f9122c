import { randomUUID } from 'node:crypto';

/** What tells one delivery of a message from another. */
export interface Delivery {
  readonly packetId: number | undefined;
  /** Whether the broker says that it has sent this before. */
  readonly isRepeated: boolean;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Names messages that have no id of their own. */
export interface TransportIds {
  /** The id of a message: the same when the broker sends it again to this process, and never that of another message. */
  of(delivery: Delivery): string;
  /** The broker has forgotten the session: what it sends from now on, it has never sent. */
  forget(): void;
}

/**
 * Makes ids for messages without one.
 *
 * A packet identifier is used again after its acknowledgement, so it says nothing by itself; together with the broker's mark of a
 * repetition it says that this is the last message which had it. That memory ends with the process.
 */
export function transportIds(): TransportIds {
  const prefix = randomUUID();
  const last = new Map<number, { readonly id: string; readonly print: string }>();
  let count = 0;
  return {
    of({ packetId, isRepeated, topic, payload }) {
      if (packetId === undefined) return `${prefix}.${(count += 1).toString(36)}`;
      const print = `${topic} ${fingerprint(payload)}`;
      const before = isRepeated ? last.get(packetId) : undefined;
      if (before?.print === print) return before.id;
      const id = `${prefix}.${(count += 1).toString(36)}`;
      last.set(packetId, { id, print });
      return id;
    },
    forget: () => last.clear(),
  };
}

const ends = 256;

/** A short text that two payloads hardly share: the length, and FNV-1a of the first and last bytes. */
function fingerprint(payload: Uint8Array): string {
  const { length } = payload;
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i += 1) {
    if (i === ends && length > 2 * ends) i = length - ends;
    hash = Math.imul(hash ^ (payload[i] as number), 0x01000193);
  }
  return `${length}.${(hash >>> 0).toString(36)}`;
}
