import { HearthError } from '../event/error.ts';
import type { RecordWrite, StoreCapabilities } from './state-store.ts';

/** The length of a text in UTF-8 bytes; a lone surrogate counts as the replacement character that stands in for it. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes.
    if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      i += 1;
    }
  }
  return bytes;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

// A UTF-16 unit is at most three bytes of UTF-8, so most texts need not be measured.
function exceeds(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && byteLength(text) > maxBytes;
}

const loneSurrogate = /[\uD800-\uDFFF]/u;

/**
 * Why a store with these capabilities cannot take a write, or `undefined` if it can. Every store asks this, so that all refuse alike.
 *
 * `record-too-large` is about the body, `limit-exceeded` about the key, `invalid-data` about a key that UTF-8 cannot spell (two such
 * keys would become one). None is retryable.
 */
export function misfit(
  write: RecordWrite,
  { maxRecordBytes, maxKeyBytes }: StoreCapabilities,
): HearthError | undefined {
  const { key, body } = write;
  if (exceeds(body, maxRecordBytes)) {
    const size = byteLength(body);
    const message = `The record "${key}" has ${size} bytes; the store takes ${maxRecordBytes}.`;
    return new HearthError('record-too-large', message);
  }
  if (exceeds(key, maxKeyBytes)) {
    const message = `A record key has ${byteLength(key)} bytes; the store takes ${maxKeyBytes}.`;
    return new HearthError('limit-exceeded', message, { field: 'key' });
  }
  // A record that was loaded has been through this before.
  if (write.expected === null && loneSurrogate.test(key)) {
    return new HearthError('invalid-data', 'A record key has a lone surrogate.', { field: 'key' });
  }
  return undefined;
}

/**
 * Refuses a call with two writes of one key, before any of it is done.
 *
 * @throws {HearthError} `duplicate-key`: the caller is wrong, and one of the two writes would be lost.
 */
export function assertDistinctKeys(writes: readonly RecordWrite[]): void {
  if (writes.length < 2) return;
  const keys = new Set<string>();
  for (const { key } of writes) {
    if (keys.has(key)) {
      const message = `One save has two writes of "${key}".`;
      throw new HearthError('duplicate-key', message, { field: 'key' });
    }
    keys.add(key);
  }
}
