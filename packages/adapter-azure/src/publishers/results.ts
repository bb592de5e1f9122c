import type { HearthError, PublishResult } from '@hearth/core';

/** An event was taken. */
export const published: PublishResult = { outcome: 'published' };

/** An event was not taken. */
export function failed(error: HearthError): PublishResult {
  return { outcome: 'failed', error };
}
