const base64url = codes('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const base32 = codes('abcdefghijklmnopqrstuvwxyz234567');

/** The first `chars` × 6 bits of a hash in the alphabet of RFC 4648 §5; all of it is 43 long. */
export function toBase64Url(words: readonly number[], chars = 43): string {
  return spell(words, 6, chars, base64url);
}

/** The first `chars` × 5 bits of a hash in the lower-case alphabet of RFC 4648 §6, unpadded. */
export function toBase32(words: readonly number[], chars = 52): string {
  return spell(words, 5, chars, base32);
}

function codes(alphabet: string): readonly number[] {
  return Array.from(alphabet, (char) => char.charCodeAt(0));
}

function spell(
  words: readonly number[],
  size: number,
  chars: number,
  alphabet: readonly number[],
): string {
  // At its full length at once, or it would grow, and be copied, four times.
  const spelled = Array<number>(chars);
  for (let i = 0, bit = 0; i < chars; i += 1, bit += size) {
    const word = bit >>> 5;
    const spare = 32 - (bit & 31) - size;
    const high = words[word] ?? 0;
    const value =
      spare < 0 ? (high << -spare) | ((words[word + 1] ?? 0) >>> (32 + spare)) : high >>> spare;
    spelled[i] = alphabet[value & ((1 << size) - 1)] as number;
  }
  // One call gives a flat string; joining by `+` would leave a rope for the next reader to flatten.
  return String.fromCharCode(...spelled);
}
