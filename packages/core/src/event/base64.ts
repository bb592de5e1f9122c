// Every runtime has these two, but the language's own library does not declare them.
const { atob, btoa } = globalThis as unknown as Record<'atob' | 'btoa', (text: string) => string>;

// The last character before the padding must have no bits that the padding would cut off, or two
// texts would stand for the same bytes.
const strict = /^[A-Za-z\d+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/;

/** Tells whether a text is base64 as RFC 4648 §4 makes it: standard alphabet, padded, canonical. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && strict.test(text);
}

/** Gives the bytes of a text for which `isBase64` is true. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Gives the base64 of bytes: standard alphabet, padded. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
