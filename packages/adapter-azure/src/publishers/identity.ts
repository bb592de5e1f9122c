import { HearthError, type CloudEvent } from '@hearth/core';
import { textHash } from '../stores/key-name.ts';

/** What Service Bus and Event Hubs know an event by: two sources may use one id, so both are in it. */
export function messageId({ source, id }: CloudEvent): string {
  return textHash(`${source.length}/${source}/${id}`);
}

/** A session or partition key, which has at most 128 signs; of a longer one, its hash. */
export function bounded(key: string): string {
  return key.length <= 128 ? key : textHash(key);
}

/** How long an event may still live (ms): `undefined` for ever, an error if it may not live any longer. */
export function leftToLive(event: CloudEvent): number | HearthError | undefined {
  const { expirytime, type } = event;
  if (typeof expirytime !== 'string') return undefined;
  const leftMs = Date.parse(expirytime) - Date.now();
  if (leftMs > 0) return leftMs;
  return new HearthError('expired', `"${type}" had to be sent before ${expirytime}.`);
}
