import { HearthError } from '../event/error.ts';
import { toBase32, toBase64Url } from '../event/hash-text.ts';
import { hashFrom, hashState, type Midstate } from '../event/sha256.ts';

/** Hashes that nobody can check a guess against without the secret. */
export interface KeyedHash {
  /** Parts as 160 bits, in 32 characters of lower-case base32. `use` keeps hashes apart that are for different things. */
  (use: string, ...parts: readonly string[]): string;
}

const least = 32;
const made = new Map<string, KeyedHash>();

/**
 * Makes a keyed hash: SHA-256 over SHA-256, both with the secret in front, as HMAC does.
 *
 * A plain hash of an e-mail address hides nothing: whoever has a list of addresses hashes them all. A salt beside the hash only makes
 * them do it once for each record.
 *
 * @throws {HearthError} `invalid-option` for a secret of fewer than 32 characters.
 */
export function keyedHash(secret: () => string): KeyedHash {
  const value: unknown = secret();
  if (typeof value !== 'string' || value.length < least) {
    const message = `The secret must be a text of at least ${least} characters.`;
    throw new HearthError('invalid-option', message, { field: 'secret' });
  }
  const known = made.get(value) ?? hashBy(value);
  // An app has a secret or two; whoever changes them often must not be remembered for good.
  if (made.size > 8) made.clear();
  made.set(value, known);
  return known;
}

function hashBy(secret: string): KeyedHash {
  const [inner, outer]: readonly Midstate[] = [
    hashState('hearth.keyed.inner', secret),
    hashState('hearth.keyed.outer', secret),
  ];
  return (use, ...parts) => {
    const first = toBase64Url(hashFrom(inner as Midstate, [use, ...parts]));
    return toBase32(hashFrom(outer as Midstate, [first]), 32);
  };
}

/** A hash of parts without a secret: for what is to be verified by anybody. 256 bits in 43 characters of base64url. */
export function openHash(use: string, ...parts: readonly string[]): string {
  return toBase64Url(hashFrom(hashState(use), parts));
}
