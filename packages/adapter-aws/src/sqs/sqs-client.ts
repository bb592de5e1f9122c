import type { SQSClient } from '@aws-sdk/client-sqs';
import { clientDefaults, lazily } from '../lazily.ts';

/** Gives a function that loads the SDK and makes a client on first use, unless one was given. */
export function sqsClient({
  client,
  timeoutMs,
}: {
  readonly client?: SQSClient;
  readonly timeoutMs?: number;
}) {
  return lazily('@aws-sdk/client-sqs', 'publisher-unavailable', async () => {
    const sdk = await import('@aws-sdk/client-sqs');
    return { sdk, client: client ?? new sdk.SQSClient(clientDefaults(timeoutMs)) };
  });
}
