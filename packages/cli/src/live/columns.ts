import { stripVTControlCharacters } from 'node:util';

// East Asian wide and full-width characters and emoji take two columns; combining marks and joiners none.
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;
const narrow = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** How many columns of a terminal a text takes; escape sequences take none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of stripVTControlCharacters(text))
    columns += narrow.test(char) ? 0 : wide.test(char) ? 2 : 1;
  return columns;
}

/** Fills a text up with blanks to `columns`. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

// oxlint-disable-next-line no-control-regex -- escape sequences begin with one
const pieces = /\u001B\[[\d;]*m|[^]/gu;

/** Cuts a text to `columns`, with `…` where something is missing; escape sequences are kept, so that colours end. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let left = columns - 1;
  let out = '';
  let full = false;
  for (const [piece] of text.matchAll(pieces)) {
    if (piece.length > 1 && piece.startsWith('\u001B')) out += piece;
    else if (!full) {
      left -= columnsOf(piece);
      full = left < 0;
      out += full ? '…' : piece;
    }
  }
  return out;
}
