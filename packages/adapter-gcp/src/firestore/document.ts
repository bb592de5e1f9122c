import { createHash } from 'node:crypto';
import { HearthError } from '@hearth/core/event';
import { byteLength, keyHash, type RecordWrite, type StoredRecord } from '@hearth/core/ports';
import type { Connection, FirestoreSnapshot, FirestoreTimestamp } from './client.ts';
import { documentId, keyOf } from './document-id.ts';

/**
 * A record as a document, whose id is made of its key.
 *
 * `token` is new with every write, so that a lost answer can be cleared up by reading, and so that each write changes the document: an
 * update that changes nothing keeps its update time, which is the record's version. `wake` and `tags` are found by the indexes that
 * Firestore makes of itself. `key` is there only where the id is a hash.
 */
export interface RecordDocument {
  readonly body: string;
  readonly token: string;
  readonly wake: string | null;
  readonly tags: readonly string[];
  readonly key?: string;
}

/** The parts of the due index, each a range of its own: a single range of instants takes 500 writes a second and no more. */
export const slots = 12;

/** The document of a write. */
export function documentOf({ key, body, due, tags }: RecordWrite, token: string): RecordDocument {
  return {
    body,
    token,
    wake: due === null ? null : wakeText(keyHash(key) % slots, due),
    tags: tagTexts(key, tags),
    ...(keyOf(documentId(key)) === undefined ? { key } : {}),
  };
}

/** The entry of an instant in a slot of the due index; entries of a slot sort by instant. */
export function wakeText(slot: number, due: number): string {
  const at = Math.min(Math.max(0, Math.floor(due)), Number.MAX_SAFE_INTEGER);
  return `${slot.toString(16)}/${String(at).padStart(16, '0')}`;
}

/** The instant of an entry. */
export function instantOf(wake: string): number {
  return Number(wake.slice(wake.indexOf('/') + 1));
}

function tagTexts(key: string, tags: RecordWrite['tags']): readonly string[] {
  const handler = key.slice(0, key.indexOf('/'));
  return Object.entries(tags).map(([tag, value]) => tagText(handler, tag, value));
}

// Firestore looks at the first 1,500 bytes of a text.
const maxTagBytes = 1_000;

/** The entry of a tag; the lengths keep `a` = `b/c` apart from `a/b` = `c`. */
export function tagText(handler: string, tag: string, value: string): string {
  const text = `${handler.length}/${tag.length}/${handler}/${tag}/${value}`;
  if (byteLength(text) <= maxTagBytes) return text;
  return `#${createHash('sha256').update(text).digest('base64url')}`;
}

/** The record of a document; `undefined` for a document that is not there. */
export function recordOf(key: string, snapshot: FirestoreSnapshot): StoredRecord | undefined {
  const { updateTime } = snapshot;
  if (updateTime === undefined) return undefined;
  const body = snapshot.get('body');
  if (typeof body === 'string') return { key, version: versionOf(updateTime), body };
  const message = `The document "${snapshot.id}" is no record: it has no text "body".`;
  throw new HearthError('store-unavailable', message, { field: 'collection' });
}

/** A version: the update time of the document, `<seconds>.<nanoseconds>`. */
export function versionOf({ seconds, nanoseconds }: FirestoreTimestamp): string {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
}

/** The update time of a version; `undefined` for a version that was never given. */
export function timeOf(version: string, connection: Connection): FirestoreTimestamp | undefined {
  const [, seconds, nanoseconds] = /^(\d{1,11})\.(\d{9})$/.exec(version) ?? [];
  if (seconds === undefined) return undefined;
  return connection.timestamp(Number(seconds), Number(nanoseconds));
}

const maxDocumentBytes = 1_048_576;

const textBytes = (text: string): number => byteLength(text) + 1;

/**
 * Why a document does not fit, or `undefined` if it does: Firestore counts its name, the names of its fields, and its tags too.
 *
 * @see https://firebase.google.com/docs/firestore/storage-size
 */
export function oversized(
  collection: string,
  key: string,
  document: RecordDocument,
): HearthError | undefined {
  const path = [...collection.split('/'), documentId(key)];
  let bytes = 48 + path.reduce((sum, part) => sum + textBytes(part), 0);
  for (const [name, value] of Object.entries(document)) {
    const texts = [value].flat() as readonly (string | null)[];
    bytes += texts.reduce((sum, text) => sum + textBytes(text ?? ''), textBytes(name));
  }
  if (bytes <= maxDocumentBytes) return undefined;
  const message = `The record "${key}" needs a document of ${bytes} bytes; Firestore takes ${maxDocumentBytes}.`;
  return new HearthError('record-too-large', message);
}
