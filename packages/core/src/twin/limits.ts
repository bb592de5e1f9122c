import { byteLength } from '../ports/fit.ts';
import { isDocument, type Document } from './document.ts';

/** What one half of a twin may be. */
export interface TwinLimits {
  /** UTF-8 bytes of a half as JSON. */
  readonly maxBytes: number;
  /** Objects in objects; 1 is a flat half. */
  readonly maxDepth: number;
  /** Whether a name may be used. */
  readonly name?: { readonly pattern: RegExp; readonly message: string };
  /** The largest absolute integer. */
  readonly maxInteger?: number;
}

/**
 * The limits of the clouds that a twin may be mirrored in, so that what is refused there is refused here, before anything is sent.
 *
 * `aws`: Device Shadow (8 KB, 8 levels). `azure`: device twins (32 KB each half, 10 levels, names without `.`, `$`, space and control characters,
 * integers within ±(2^52 - 1)).
 */
export const twinLimits = {
  default: { maxBytes: 32_768, maxDepth: 8 },
  aws: { maxBytes: 8192, maxDepth: 8 },
  azure: {
    maxBytes: 32_768,
    maxDepth: 10,
    name: {
      pattern: /^[^\p{Cc}.$\s]{1,1024}$/u,
      message: 'Azure takes no ".", "$", space or control character in a name',
    },
    maxInteger: 2 ** 52 - 1,
  },
} as const satisfies Readonly<Record<string, TwinLimits>>;

/** The name of a profile of limits. */
export type TwinProfile = keyof typeof twinLimits;

/** What a patch or a half has that no twin may have, or `undefined`: where, and why. */
export interface TwinIssue {
  readonly at: string;
  readonly message: string;
}

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** Looks for what a patch must not hold: names that change prototypes or break a limit, `null` in arrays, too deep objects. */
export function patchIssue(patch: Document, limits: TwinLimits): TwinIssue | undefined {
  return partIssue(patch, limits, '', 1);
}

function partIssue(
  value: unknown,
  limits: TwinLimits,
  at: string,
  depth: number,
): TwinIssue | undefined {
  if (Array.isArray(value)) return arrayIssue(value, limits, at, depth);
  if (!isDocument(value)) return numberIssue(value, limits, at);
  if (depth > limits.maxDepth) return { at, message: `more than ${limits.maxDepth} levels` };
  for (const name of Object.keys(value)) {
    const where = at === '' ? name : `${at}.${name}`;
    if (forbidden.has(name)) return { at: where, message: 'is no name for a property' };
    if (limits.name !== undefined && !limits.name.pattern.test(name))
      return { at: where, message: limits.name.message };
    const issue = partIssue(value[name], limits, where, depth + 1);
    if (issue !== undefined) return issue;
  }
  return undefined;
}

function arrayIssue(
  items: readonly unknown[],
  limits: TwinLimits,
  at: string,
  depth: number,
): TwinIssue | undefined {
  if (items.includes(null)) return { at, message: 'an array may not hold null (RFC 7396)' };
  for (const [index, item] of items.entries()) {
    const issue = partIssue(item, limits, `${at}.${index}`, depth);
    if (issue !== undefined) return issue;
  }
  return undefined;
}

function numberIssue(value: unknown, { maxInteger }: TwinLimits, at: string) {
  return maxInteger !== undefined &&
    Number.isInteger(value) &&
    Math.abs(value as number) > maxInteger
    ? { at, message: `is beyond ±${maxInteger}` }
    : undefined;
}

const sizes = new WeakMap<Document, number>();
// The last one by itself: a device's reports come one upon the other, and a weak map costs a third of a report.
let lastHalf: Document | undefined;
let lastSize = 0;
/** A half of so many bytes is not worth remembering: it is counted as fast. */
const small = 512;

/** The bytes of a half as JSON, counted anew. */
export function recounted(half: Document): number {
  return remember(byteLength(JSON.stringify(half)), half);
}

function remember(size: number, half: Document, before = half): number {
  if (lastHalf !== undefined && lastHalf !== before && lastSize > small)
    sizes.set(lastHalf, lastSize);
  lastHalf = half;
  lastSize = size;
  return size;
}

/** The bytes of a half that came from another one by these changes. A little more is counted than there is where properties come and go. */
export function sizeAfter(before: Document, changes: Document, after: Document): number {
  const known = before === lastHalf ? lastSize : sizes.get(before);
  return remember((known ?? recounted(before)) + growth(before, changes), after, before);
}

function growth(before: unknown, changes: Document): number {
  let grown = 0;
  for (const name of Object.keys(changes)) {
    const change = changes[name];
    const current = isDocument(before) && Object.hasOwn(before, name) ? before[name] : undefined;
    if (current === undefined) grown += byteLength(name) + 8;
    grown += isDocument(change) ? growth(current, change) : bytesOf(change) - leafBytesOf(current);
  }
  return grown;
}

const bytesOf = (value: unknown): number =>
  typeof value === 'number' ? String(value).length : byteLength(JSON.stringify(value));

// An object that gives way to a leaf is not counted off.
const leafBytesOf = (value: unknown): number =>
  value === undefined || isDocument(value) ? 0 : bytesOf(value);
