import type { Principal } from '@hearth/core';

/** What is read of an HTTP request of `@azure/functions`; a test of your own can give a `Request`. */
export interface FunctionRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Iterable<[string, string]> & { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/**
 * Finds out who is speaking, from the head of a request. `undefined` is answered with 401; what it throws with 503, for the proof could not
 * be checked now.
 */
export type Authenticate = (
  request: Pick<FunctionRequest, 'method' | 'url' | 'headers'>,
) => Principal | undefined | Promise<Principal | undefined>;
