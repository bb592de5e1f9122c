interface RetryToken {
  getRetryCount(): number;
  getRetryDelay(): number;
}

const token = (count: number): RetryToken => ({
  getRetryCount: () => count,
  getRetryDelay: () => 0,
});

// The SDK's own strategy with its three attempts, but without its waits, which are seconds for a throttled request.
const retryStrategy = {
  mode: 'standard',
  acquireInitialRetryToken: async () => token(0),
  refreshRetryTokenForRetry: async (
    { getRetryCount }: RetryToken,
    { errorType }: { readonly errorType: string },
  ) => {
    const count = getRetryCount() + 1;
    if (count > 2 || errorType === 'CLIENT_ERROR') throw new Error('No more attempts.');
    return token(count);
  },
  recordSuccess: () => undefined,
};

/** What makes a client of the SDK talk to an emulator. */
export function aws(endpoint: string) {
  return {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    retryStrategy,
  };
}
