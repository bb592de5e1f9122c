import { publishError } from './publish-result.ts';

/**
 * Waits for the broker to take a message over.
 *
 * @throws {HearthError} as `publishError` says, `publisher-unavailable` (retryable) when there is no answer in time.
 */
export async function answered(
  sent: Promise<void>,
  pattern: string,
  timeoutMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    await Promise.race([sent, late]);
  } catch (error) {
    throw publishError(error, pattern);
  } finally {
    clearTimeout(timer);
  }
}
