import { randomBytes } from 'node:crypto';
import {
  assertDistinctKeys,
  misfit,
  type RecordWrite,
  type SaveResult,
  type StoreCapabilities,
} from '@hearth/core/ports';
import type { Connection, FirestoreReference } from './client.ts';
import { documentOf, oversized, timeOf, versionOf, type RecordDocument } from './document.ts';
import { documentId } from './document-id.ts';
import { kindOf, unavailable, within } from './failure.ts';

/** What the writes of a store have in common. */
export interface Saving {
  readonly connection: Connection;
  readonly collection: string;
  readonly capabilities: StoreCapabilities;
  readonly timeoutMs: number;
}

// More at once would make the SDK open more connections.
const atOnce = 64;

const conflict: SaveResult = { outcome: 'conflict' };

/** Carries out the writes of a call, each by itself. */
export async function saveAll(
  saving: Saving,
  writes: readonly RecordWrite[],
): Promise<readonly SaveResult[]> {
  assertDistinctKeys(writes);
  const results: SaveResult[] = [];
  const queue = writes.entries();
  const work = async () => {
    for (const [index, write] of queue) results[index] = await saveOne(saving, write);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, writes.length) }, work));
  return results;
}

async function saveOne(saving: Saving, write: RecordWrite): Promise<SaveResult> {
  const { connection, collection, capabilities, timeoutMs } = saving;
  const document = documentOf(write, randomBytes(12).toString('base64url'));
  const error = misfit(write, capabilities) ?? oversized(collection, write.key, document);
  if (error !== undefined) return { outcome: 'failed', error };
  let reference: FirestoreReference;
  try {
    reference = connection.client.collection(collection).doc(documentId(write.key));
  } catch (cause) {
    return { outcome: 'failed', error: unavailable('save a record', cause) };
  }
  try {
    const written = put(reference, write, document, connection);
    if (written === undefined) return conflict;
    const { writeTime } = await within(timeoutMs, 'save a record', written);
    return { outcome: 'saved', version: versionOf(writeTime) };
  } catch (cause) {
    return clearUp(saving, reference, write, document.token, cause);
  }
}

function put(
  reference: FirestoreReference,
  { expected }: RecordWrite,
  document: RecordDocument,
  connection: Connection,
) {
  if (expected === null) return reference.create(document);
  const lastUpdateTime = timeOf(expected, connection);
  return lastUpdateTime && reference.update(document, { lastUpdateTime: lastUpdateTime as never });
}

/**
 * Finds out what became of a write that failed.
 *
 * The SDK sends a write again by itself when an answer was lost: if the first one arrived, the second is refused, by our own write. So
 * the document is read: our token in it says that we won.
 */
async function clearUp(
  { connection, timeoutMs }: Saving,
  reference: FirestoreReference,
  { expected }: RecordWrite,
  token: string,
  cause: unknown,
): Promise<SaveResult> {
  const kind = kindOf(cause);
  const error = unavailable('save a record', cause);
  if (kind === 'denied') return { outcome: 'failed', error };
  try {
    const [found] = await within(
      timeoutMs,
      'read a record back',
      connection.client.getAll(reference),
    );
    const time = found?.updateTime;
    const version = time === undefined ? null : versionOf(time);
    if (version !== null && found?.get('token') === token) return { outcome: 'saved', version };
    if (version !== expected || kind === 'contended') return conflict;
    // A precondition that holds cannot have been refused: it is the database itself that is wrong.
    return { outcome: kind === 'lost' ? 'unknown' : 'failed', error };
  } catch {
    return { outcome: 'unknown', error };
  }
}
