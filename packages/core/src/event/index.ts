export type { AttributeValue, CloudEvent } from './cloud-event.ts';
export { HearthError, isHearthError } from './error.ts';
export type { HearthErrorCode, HearthErrorOptions } from './error.ts';
export { hashFrom, hashState } from './sha256.ts';
export type { Midstate } from './sha256.ts';
export { toBase32, toBase64Url } from './hash-text.ts';
