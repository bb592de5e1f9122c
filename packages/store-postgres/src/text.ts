// PostgreSQL takes no NUL in text, so that and U+0001 are written as pairs that begin with U+0001. The order of texts stays as it is.
const [nul, mark, nulPair, markPair] = ['\0', '\u0001', '\u0001\u0002', '\u0001\u0003'];

/** A text as PostgreSQL can hold it. What JSON wrote has no such signs and stays as it is. */
export function toColumn(text: string): string {
  if (!text.includes(nul) && !text.includes(mark)) return text;
  return text.replaceAll(mark, markPair).replaceAll(nul, nulPair);
}

/** What `toColumn` was given. */
export function fromColumn(text: string): string {
  if (!text.includes(mark)) return text;
  return text.replaceAll(nulPair, nul).replaceAll(markPair, mark);
}
