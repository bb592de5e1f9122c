import { textOf } from '@hearth/core/trigger';

/** A value of the host's metadata that should be a list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The digits of a value that should be a number of 64 bits: one may come as a number, as text, or as an object that writes itself. */
export function digitsOf(value: unknown): string | undefined {
  const text = written(value);
  return /^\d+$/.test(text) ? text : undefined;
}

/** A value as text, such as what a `Long` writes of itself; other objects write nothing that counts, or cannot. */
function written(value: unknown): string {
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- what writes nothing of its own is no number
    return String(value);
  } catch {
    return '';
  }
}

/** A count of the host's metadata; `undefined` for what is none. */
export function countOf(value: unknown): number | undefined {
  const count = Number(digitsOf(value) ?? Number.NaN);
  return Number.isSafeInteger(count) ? count : undefined;
}

/** An instant of the host's metadata as RFC 3339: it is UTC, whether it says so or not; `undefined` for what is no instant. */
export function instantOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const instant = /(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? text : `${text}Z`;
  return Number.isNaN(Date.parse(instant)) ? undefined : instant;
}
