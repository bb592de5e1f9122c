import { invalid } from './error.ts';
import { toBytes, type Body } from './utf8.ts';

/** What a message may cost before it is refused; each is checked before the work that it bounds. */
export interface Limits {
  /** Bytes of a body, whether it holds one event or a batch. 1 MiB unless given. */
  readonly maxBytes: number;
  /** Nested arrays and objects of `data`. 64 unless given. */
  readonly maxDepth: number;
  /** Events of a batch. 1,000 unless given. */
  readonly maxBatch: number;
  /** Attributes of an event, its data counted as one. 64 unless given. */
  readonly maxAttributes: number;
  /** Bytes of one attribute in UTF-8. 8 KiB unless given. */
  readonly maxAttributeBytes: number;
}

/** The limits that hold where no others are given. */
export const defaultLimits: Limits = {
  maxBytes: 2 ** 20,
  maxDepth: 64,
  maxBatch: 1000,
  maxAttributes: 64,
  maxAttributeBytes: 8192,
};

function limitOf(limit: keyof Limits, limits: Partial<Limits> | undefined): number {
  return limits?.[limit] ?? defaultLimits[limit];
}

/**
 * Checks a number, or the bytes of a body, against a limit.
 *
 * @throws {HearthError} `limit-exceeded`; the message names the limit, so that it can be raised.
 */
export function checkLimit(
  field: string,
  size: number | Body,
  limit: keyof Limits,
  limits: Partial<Limits> | undefined,
): void {
  const max = limitOf(limit, limits);
  // A UTF-16 unit is at most three bytes, so short texts need not be measured.
  const isOver =
    typeof size === 'number' ? size > max : size.length * 3 > max && toBytes(size).length > max;
  if (isOver) throw invalid(field, `exceeds ${limit}, which is ${max}`, 'limit-exceeded');
}

/**
 * Refuses JSON text that is nested too deep or, if it is a batch, too long, before it is parsed.
 *
 * `JSON.parse` survives a million levels, but what comes after it (`JSON.stringify`, recursion)
 * does not. `envelope` is how many levels there are around `data`: 2 in a batch.
 *
 * @throws {HearthError} `limit-exceeded`.
 */
export function checkShape(text: string, envelope: number, limits?: Partial<Limits>): void {
  let opened = 0;
  // `[` and `{` differ in one bit. Most events have so few, in strings too, that counting is enough.
  for (let i = 0; i < text.length; i += 1) if ((text.charCodeAt(i) | 32) === 123) opened += 1;
  if (envelope < 2 && opened <= limitOf('maxDepth', limits)) return;
  let depth = -envelope;
  let deepest = 0;
  let commas = 0;
  for (let i = 0, isString = false; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 34) isString = !isString;
    else if (isString) i += Number(code === 92);
    else if ((code | 32) === 123) deepest = Math.max(deepest, ++depth);
    else if ((code | 32) === 125) depth -= 1;
    else if (code === 44 && depth === -1) commas += 1;
  }
  checkLimit('data', deepest, 'maxDepth', limits);
  if (envelope === 2) checkLimit('body', commas + 1, 'maxBatch', limits);
}
