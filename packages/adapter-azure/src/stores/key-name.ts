import { createHash } from 'node:crypto';

// What Azure forbids in keys (/ \ # ? and control characters) and what gets lost on the way there (% ' & + and spaces) is written
// by a sign that sorts where the forbidden one would, so that names sort as the UTF-8 of their keys.
const written: Readonly<Record<string, string>> = {
  '.': '.0',
  '/': '.1',
  '>': '>0',
  '?': '>1',
  '[': '[0',
  '\\': '[1',
};

/** Sorts before everything that a key may contain, and is in no name: what stands between a name and what follows it. */
export const nameEnd = '!!';

/**
 * A key in signs that Azure takes in keys, ids and URLs; different keys have different names, and names sort as their keys do.
 *
 * Letters, digits and most of ASCII stay: `lamp/l-1` becomes `lamp.1l-1`. A name longer than `most` keeps its beginning and ends in `~~`
 * and a hash of the key.
 */
export function keyName(key: string, most: number): string {
  if (/^[\w-]*$/.test(key) && key.length <= most) return key;
  let name = '';
  for (const byte of Buffer.from(key)) name += signOf(byte);
  return name.length <= most ? name : `${name.slice(0, most - 45)}~~${textHash(key)}`;
}

function signOf(byte: number): string {
  const sign = String.fromCharCode(byte);
  if (byte > 0x7d) return `~${hex(byte)}`;
  if (byte < 0x2d) return `!${hex(byte)}`;
  return written[sign] ?? sign;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0').toUpperCase();
}

/** 43 signs that stand for a text. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
