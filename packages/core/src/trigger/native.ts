import type { Input } from '../app/input.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import { messageInput } from './message.ts';

/** An object, or an empty one in place of anything else: native events are read as if nothing were known of them. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** A text that is not empty; `undefined` for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A text as a part of a URI-reference: what a URI cannot have is percent-encoded, and half of a character becomes U+FFFD. */
export function uriOf(text: string): string {
  return encodeURI(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
}

/**
 * Reads the inputs of something native. What the reading throws makes it one input that is rejected, with the native thing for its dead
 * letter: nobody has foreseen such a thing, and it must not take the others of its batch with it.
 */
export function carefully<Inputs extends readonly Input[]>(
  native: unknown,
  read: () => Inputs,
): Inputs | readonly [Input] {
  try {
    return read();
  } catch (cause) {
    const message = 'The message could not be read.';
    const principal = isHearthError(cause)
      ? cause
      : new HearthError('invalid-event', message, { cause });
    const isBody = typeof native === 'string' || ArrayBuffer.isView(native);
    return [
      messageInput(
        isBody ? { body: native as Uint8Array, principal } : { json: native ?? null, principal },
      ),
    ];
  }
}
