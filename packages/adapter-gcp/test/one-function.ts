import {
  startFunction,
  type CloudFunction,
  type RunningFunction,
} from '@hearth/emulators/functions-framework';
import { afterAll } from 'vitest';

// A server of its own for each case would cost more than the case.
const running = new Map<string, Promise<RunningFunction>>();
let current: CloudFunction | undefined;

/** Puts a function into the real functions-framework, in the place of the one before it, and gives its URL. */
export async function functionAt(which: CloudFunction): Promise<string> {
  current = which;
  const signature = 'http' in which ? 'http' : 'cloudEvent';
  const known = running.get(signature) ?? startFunction(delegates[signature]);
  running.set(signature, known);
  return (await known).url;
}

const delegates = {
  http: {
    http: (request, response) =>
      current !== undefined && 'http' in current ? current.http(request, response) : undefined,
  },
  cloudEvent: {
    cloudEvent: (event) =>
      current !== undefined && 'cloudEvent' in current ? current.cloudEvent(event) : undefined,
  },
} satisfies Readonly<Record<string, CloudFunction>>;

afterAll(async () => {
  for (const each of running.values()) await (await each).stop();
  running.clear();
});
