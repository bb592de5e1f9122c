import type { CloudEvent } from '../event/cloud-event.ts';
import { toBase64Url } from '../event/hash-text.ts';
import { hashFrom, hashState, type Midstate } from '../event/sha256.ts';

/**
 * The inbox of a record as text: 12 characters an entry, the oldest first.
 *
 * 8 characters are 48 bits of SHA-256 over (source, id), 2 are 12 bits of a checksum of type, subject and data, 2 are the hour in which it was seen
 * (modulo 4,096, about 170 days). 64 entries are 768 bytes, so that an idle record stays within one kilobyte.
 */
export type SeenText = string;

const entryLength = 12;
const idLength = 8;
const contentLength = 10;
const hourMs = 3_600_000;
const hours = 4096;
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** How many events an inbox remembers. */
export const entriesOf = (seen: SeenText): number => seen.length / entryLength;

/** What identifies an event in an inbox: `id` for (source, id), `content` for what it says. */
export interface Mark {
  readonly id: string;
  readonly content: string;
}

let lastSource = '';
let lastState: Midstate | undefined;

/** Computes an event's mark. What it throws for data says that they are no JSON. */
export function markOf(event: CloudEvent): Mark {
  if (lastState === undefined || event.source !== lastSource) {
    lastState = hashState(event.source);
    lastSource = event.source;
  }
  const id = toBase64Url(hashFrom(lastState, [event.id]), idLength);
  return { id, content: checksum(event) };
}

/** FNV-1a folded to 12 bits: it tells 4,095 of 4,096 mistakes of a sender apart, it does not defend. The identity does, and is SHA-256. */
function checksum({ type, subject = '', data, data_base64: base64 }: CloudEvent): string {
  const about = mixText(mixText(basis, type), subject);
  const hash = base64 === undefined ? mixJson(about, data) : mixText(about, base64);
  const folded = (hash ^ (hash >>> 12) ^ (hash >>> 24)) & 0xfff;
  return digit(folded >> 6) + digit(folded & 63);
}

const basis = 0x811c9dc5;
const mix = (hash: number, sign: number): number => Math.imul(hash ^ sign, 0x01000193);

function mixText(before: number, text: string): number {
  let hash = before;
  for (let at = 0; at < text.length; at += 1) hash = mix(hash, text.charCodeAt(at));
  return mix(hash, 0x1f);
}

/** Properties are summed up: a service that takes JSON apart, as a stream of DynamoDB does, may bring them back in another order. */
function mixJson(hash: number, value: unknown): number {
  if (typeof value === 'string') return mixText(mix(hash, 0x22), value);
  if (typeof value === 'bigint') throw new TypeError('JSON has no big integers.');
  if (typeof value !== 'object' || value === null) return mixText(hash, String(value));
  if (Array.isArray(value)) return mix(value.reduce(mixJson, mix(hash, 0x5b)), 0x5d);
  let sum = 0x7b;
  for (const name of Object.keys(value)) {
    const one = (value as Readonly<Record<string, unknown>>)[name];
    // In JSON it is not there.
    if (one !== undefined) sum = (sum + mixJson(mixText(basis, name), one)) | 0;
  }
  return mix(hash, sum);
}

const digit = (value: number): string => digits.charAt(value);

/** Whether an event was seen before: `new`, `same`, or `reused` when its id was seen with other content. */
export function lookUp(seen: SeenText, mark: Mark): 'new' | 'same' | 'reused' {
  for (let at = seen.length - entryLength; at >= 0; at -= entryLength) {
    if (!seen.startsWith(mark.id, at)) continue;
    return seen.startsWith(mark.content, at + idLength) ? 'same' : 'reused';
  }
  return 'new';
}

/** What bounds an inbox. `kept` are the ids of entries whose outputs are not yet delivered: they are never forgotten. */
export interface Bounds {
  readonly entries: number;
  readonly ageMs: number;
  readonly kept: (id: string) => boolean;
}

/** An inbox with one more entry, and how many younger than the bound had to be forgotten for it. */
export function remember(
  seen: SeenText,
  mark: Mark,
  now: number,
  bounds: Bounds,
): { readonly seen: SeenText; readonly overflow: number } {
  const hour = hourOf(now);
  const entry = mark.id + mark.content + digit(hour >> 6) + digit(hour & 63);
  let rest = seen;
  let overflow = 0;
  for (let at = 0; at < rest.length;) {
    // Only the hours are known: an entry may be almost an hour younger than they say, and must not be forgotten for it.
    const old = (ageOf(rest, at, hour) - 1) * hourMs >= bounds.ageMs;
    const full = rest.length / entryLength >= bounds.entries;
    if (!old && !full) break;
    if (bounds.kept(rest.slice(at, at + idLength))) {
      at += entryLength;
      continue;
    }
    if (!old) overflow += 1;
    rest = rest.slice(0, at) + rest.slice(at + entryLength);
  }
  return { seen: rest + entry, overflow };
}

const hourOf = (now: number): number => ((Math.floor(now / hourMs) % hours) + hours) % hours;

function ageOf(seen: SeenText, at: number, hour: number): number {
  const then =
    digits.indexOf(seen.charAt(at + contentLength)) * 64 +
    digits.indexOf(seen.charAt(at + contentLength + 1));
  return (hour - then + hours) % hours;
}

/** Whether an inbox still holds an id. */
export function holds(seen: SeenText, id: string): boolean {
  for (let at = 0; at < seen.length; at += entryLength) if (seen.startsWith(id, at)) return true;
  return false;
}
