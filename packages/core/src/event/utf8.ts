import { invalid } from './error.ts';

// Every runtime has these two, but the language's own library does not declare them.
const { TextEncoder, TextDecoder } = globalThis as unknown as {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string };
};

const encoder = new TextEncoder();
// A byte order mark is kept, or the text of an event's data would not come back as it was sent.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a message may have as its body. */
export type Body = string | Uint8Array;

/** Gives a body as UTF-8. */
export function toBytes(body: Body): Uint8Array {
  return typeof body === 'string' ? encoder.encode(body) : body;
}

/**
 * Gives a body as text.
 *
 * @throws {HearthError} `invalid-event` if it is not UTF-8.
 */
export function toText(body: Body): string {
  if (typeof body === 'string') return body;
  try {
    return decoder.decode(body);
  } catch {
    throw invalid('body', 'must be UTF-8');
  }
}
