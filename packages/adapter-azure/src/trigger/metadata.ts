/** A value of the host's metadata that should be an object. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** A value of the host's metadata that should be a list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value of the host's metadata that should be text; `undefined` for anything else, and if it is empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The digits of a value that should be a number of 64 bits: one may come as a number, as text, or as an object that writes itself. */
export function digitsOf(value: unknown): string | undefined {
  const text = String(value);
  return /^\d+$/.test(text) ? text : undefined;
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
