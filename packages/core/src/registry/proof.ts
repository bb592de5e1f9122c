import { toBase64Url } from '../event/hash-text.ts';
import { hashFrom, hashState, type Midstate } from '../event/sha256.ts';

let mark: Midstate | undefined;

/**
 * The hash of the code on a device's label: what the registry keeps, 43 characters of base64url.
 *
 * It is salted with the device's id, but a code that can be guessed can be found from it: print at least 60 random bits, 12 characters of
 * base32.
 */
export function proofOf(device: string, code: string): string {
  mark ??= hashState('hearth.registry.proof');
  return toBase64Url(hashFrom(mark, [device, code]));
}
