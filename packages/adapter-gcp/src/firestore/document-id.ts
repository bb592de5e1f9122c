import { createHash } from 'node:crypto';
import { byteLength } from '@hearth/core/ports';

/** The longest id that Firestore takes, in bytes. */
const maxIdBytes = 1_500;

/**
 * The document id of a record key.
 *
 * An id cannot hold `/`, be `.` or `..`, nor look like `__x__`. So `/` becomes `.1`, `.` becomes `.0`, and a leading `_` is followed by
 * `-`; the order of keys stays. An id that would be too long becomes `.2` and a hash, after which the document must tell its key.
 */
export function documentId(key: string): string {
  const id = key.replaceAll(/[./]/g, (sign) => (sign === '.' ? '.0' : '.1')).replace(/^_/, '_-');
  if (byteLength(id) <= maxIdBytes) return id;
  return `.2${createHash('sha256').update(key).digest('base64url')}`;
}

/** The key of a document id, or `undefined` for one that is a hash. */
export function keyOf(id: string): string | undefined {
  if (id.startsWith('.2')) return undefined;
  return id.replace(/^_-/, '_').replaceAll(/\.[01]/g, (pair) => (pair === '.0' ? '.' : '/'));
}
