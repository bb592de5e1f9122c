// oxlint-disable typescript/no-non-null-assertion -- every index below is in range by construction
/**
 * SHA-256 for the ids that Hearth derives: short strings, synchronous, with cacheable midstates.
 *
 * It is our own because it is on the hot path of every emitted event: WebCrypto is asynchronous,
 * `node:crypto` does not exist on every runtime, and libraries hash bytes without midstates.
 */

/** What has been absorbed so far, at a block boundary. Opaque; safe to cache and to reuse. */
export interface Midstate {
  readonly words: Int32Array;
  readonly length: number;
}

// Computed when the first state is needed: a function that has just started has other things to do than 72 roots.
let constants: Int32Array = new Int32Array(0);
let start: Int32Array | undefined;

// One set of buffers serves every call: hashing is synchronous and calls nobody.
const schedule = new Int32Array(64);
const chain = new Int32Array(8);
let bytes = new Uint8Array(1024);

/** The first 32 fractional bits of a root of each of the first primes (FIPS 180-4 §4.2.2). */
function fractions(count: number, power: number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) if (primes.every((p) => n % p)) primes.push(n);
  return Int32Array.from(primes, (p) => (p ** power % 1) * 2 ** 32);
}

/**
 * Absorbs the parts of a hash that stay the same, so that `hashFrom` pays only for the others.
 *
 * Each part is its length in UTF-8 (4 bytes, big-endian) and its UTF-8. After the last one come a
 * byte 0x80 and zeros up to a block boundary. No length begins with 0x80, so two lists of parts
 * are never absorbed alike. A lone surrogate is written as if it were a character, not replaced.
 */
export function hashState(...parts: readonly string[]): Midstate {
  if (start === undefined) {
    constants = fractions(64, 1 / 3);
    start = fractions(8, 1 / 2);
  }
  const end = pad(write(parts), 0);
  chain.set(start);
  for (let at = 0; at < end; at += 64) compress(at);
  return { words: chain.slice(), length: end };
}

/** Hashes more parts on top of a midstate, each with its length in front: 8 words of 32 bits, big-endian, with their sign. */
export function hashFrom(midstate: Midstate, parts: readonly string[]): readonly number[] {
  const length = write(parts);
  const end = pad(length, 8) + 8;
  const bits = (midstate.length + length) * 8;
  const b = bytes;
  for (let i = 1; i <= 8; i += 1) b[end - i] = i > 4 ? 0 : bits >>> (i * 8 - 8);
  chain.set(midstate.words);
  for (let at = 0; at < end; at += 64) compress(at);
  const s = chain as Chain;
  // To make a typed array would take a sixth of the time of all the rest.
  return [s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]];
}

/** Writes 0x80 and zeros until `room` bytes are left in the block, and gives the new end. */
function pad(length: number, room: number): number {
  const b = bytes;
  let end = length;
  b[end++] = 0x80;
  while (((end + room) & 63) !== 0) b[end++] = 0;
  return end;
}

function write(parts: readonly string[]): number {
  let end = 0;
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i]!;
    const from = end + 4;
    // A UTF-16 unit is at most 3 bytes of UTF-8; 128 leaves room for the padding.
    const b = reserve(from + part.length * 3 + 128);
    end = writeText(b, part, from);
    const length = end - from;
    b[from - 4] = length >>> 24;
    b[from - 3] = length >>> 16;
    b[from - 2] = length >>> 8;
    b[from - 1] = length;
  }
  return end;
}

function reserve(size: number): Uint8Array {
  if (size > bytes.length) {
    const grown = new Uint8Array(size * 2);
    grown.set(bytes);
    bytes = grown;
  }
  return bytes;
}

function writeText(b: Uint8Array, text: string, from: number): number {
  let end = from;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) b[end++] = unit;
    else {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i += 1;
      end = writeWide(b, code, end);
    }
  }
  return end;
}

function writeWide(b: Uint8Array, code: number, from: number): number {
  let end = from;
  if (code < 0x800) b[end++] = 0xc0 | (code >> 6);
  else {
    if (code < 0x10000) b[end++] = 0xe0 | (code >> 12);
    else {
      b[end++] = 0xf0 | (code >> 18);
      b[end++] = 0x80 | ((code >> 12) & 63);
    }
    b[end++] = 0x80 | ((code >> 6) & 63);
  }
  b[end++] = 0x80 | (code & 63);
  return end;
}

/** The message schedule of FIPS 180-4 §6.2.2 for the 64 bytes that begin at `from`. */
function expand(from: number): void {
  const b = bytes;
  const w = schedule;
  for (let i = 0, at = from; i < 16; i += 1, at += 4) {
    w[i] = (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16]! + w[i - 7]! + low + high) | 0;
  }
}

/**
 * The 64 rounds of FIPS 180-4 §6.2.2 on the 64 bytes that begin at `from`.
 *
 * One long function with plain assignments, because destructuring and a helper for the sums made
 * it twice as slow.
 */
function compress(from: number): void {
  expand(from);
  const s = chain as Chain;
  let a = s[0];
  let b = s[1];
  let c = s[2];
  let d = s[3];
  let e = s[4];
  let f = s[5];
  let g = s[6];
  let h = s[7];
  for (let i = 0; i < 64; i += 1) {
    const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t = (h + high + (g ^ (e & (f ^ g))) + constants[i]! + schedule[i]!) | 0;
    const u = (t + low + ((a & b) ^ (c & (a ^ b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t) | 0;
    d = c;
    c = b;
    b = a;
    a = u;
  }
  s[0] += a;
  s[1] += b;
  s[2] += c;
  s[3] += d;
  s[4] += e;
  s[5] += f;
  s[6] += g;
  s[7] += h;
}

/** The eight words are always there, which the index signature of a typed array cannot say. */
type Chain = Int32Array & Record<0 | 1 | 2 | 3 | 4 | 5 | 6 | 7, number>;
