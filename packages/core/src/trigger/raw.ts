import { toBase64 } from '../event/base64.ts';
import { toText, type Body } from '../event/utf8.ts';

const most = 65_536;

/** The payload of a message for a dead letter: its text, or the base64 of what is no text; no more than 64 KiB of it. */
export function rawOf(message: { readonly body?: unknown; readonly json?: unknown }): string {
  if (message.json !== undefined) return cut(jsonOf(message.json));
  const { body } = message;
  if (body === undefined || body === null) return '';
  if (typeof body === 'string') return cut(body);
  return ArrayBuffer.isView(body) ? ofBytes(body as Uint8Array) : cut(jsonOf(body));
}

function ofBytes(body: Uint8Array): string {
  const bytes = body.subarray(0, most);
  // A character that was cut in two is left out.
  for (let end = bytes.length; end >= bytes.length - (body.length > most ? 3 : 0); end -= 1) {
    const text = textOf(bytes.subarray(0, end));
    if (text !== undefined) return text;
  }
  return toBase64(bytes);
}

function textOf(body: Body): string | undefined {
  try {
    return toText(body);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return '';
  }
}
