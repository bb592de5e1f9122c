import { setTimeout as sleep } from 'node:timers/promises';

const waitsMs = [40, 200];

/** Sends something that was certainly not done again, twice and not for long: whoever waits longer is a host that delivers again. */
export async function again<T>(
  send: () => Promise<T>,
  isWorthIt: (cause: unknown) => boolean,
): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await send();
    } catch (cause) {
      if (!isWorthIt(cause)) throw cause;
      await sleep(waitMs * (0.5 + Math.random()));
    }
  }
  return send();
}
