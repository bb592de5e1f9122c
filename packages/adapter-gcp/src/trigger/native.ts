/** An object, or an empty one in place of anything else: native events are read as if nothing were known of them. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a record; what is none is left out. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(recordOf(value)).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}
