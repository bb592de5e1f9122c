import { HearthError, type HearthErrorCode } from '@hearth/core';
import { codeOf } from './refusal.ts';

// Reason codes of a PUBACK that mean the same tomorrow. Every other one may pass: a full disk, a quota, a broker that restarts.
const final: Readonly<Record<number, readonly [HearthErrorCode, string]>> = {
  135: ['not-permitted', 'the broker does not let us publish there'],
  144: ['invalid-topic', 'the broker does not take this topic'],
  149: ['limit-exceeded', 'the broker does not take packets of this size'],
  153: ['invalid-data', 'the broker does not take this payload'],
  154: ['invalid-option', 'the broker does not retain messages'],
};

/**
 * What a failed publication means. `topic` is the pattern of the topic: what stands in it for a device is not to be spread.
 *
 * `not-permitted`, `invalid-topic`, `limit-exceeded`, `invalid-data` and `invalid-option` are for good, so that one refused event does
 * not hold up those behind it; anything else is `publisher-unavailable` and may be tried again.
 */
export function publishError(error: unknown, topic: string): HearthError {
  const code = codeOf(error);
  const [known, why] = final[Number(code)] ?? [];
  if (known !== undefined) {
    return new HearthError(known, `"${topic}": ${why} (reason code ${code}).`, { cause: error });
  }
  const message = `The broker did not take a message for "${topic}"${code === undefined ? '' : ` (${code})`}.`;
  return new HearthError('publisher-unavailable', message, { retryable: true, cause: error });
}
