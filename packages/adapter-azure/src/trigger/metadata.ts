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

/** A value of the host's metadata that should be a whole number; 64-bit ones may come as text or as an object. */
export function numberOf(value: unknown): number | undefined {
  const number = value === undefined || value === null ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The digits of a value that should be a number of 64 bits: one may come as a number, as text, or as an object that writes itself. */
export function digitsOf(value: unknown): string | undefined {
  const text = String(value);
  return /^\d+$/.test(text) ? text : undefined;
}
