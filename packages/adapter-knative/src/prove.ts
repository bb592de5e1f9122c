import type { Principal, Runtime } from '@hearth/core';
import { anonymous } from '@hearth/core/trigger';
import { quietly } from './quietly.ts';

/** Gives the function that finds out who is speaking: `undefined` if nobody proved it, `unknown` if the proof could not be checked now. */
export function prover<R>(
  auth:
    | Principal
    | ((request: R) => Principal | undefined | Promise<Principal | undefined>) = anonymous,
  { logger }: Runtime,
): (request: R) => Promise<Principal | 'unknown' | undefined> {
  return async (request) => {
    if (typeof auth !== 'function') return auth;
    try {
      const principal = (await auth(request)) as Partial<Principal> | null | undefined;
      if (principal === undefined || principal === null) return undefined;
      const { kind, id } = principal;
      if (typeof kind === 'string' && typeof id === 'string') return principal as Principal;
      throw new TypeError('auth must give a principal with kind and id, or undefined');
    } catch (error) {
      quietly(() => logger?.error({ err: error }, 'Who is speaking could not be checked.'));
      return 'unknown';
    }
  };
}
