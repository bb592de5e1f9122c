import { route } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import type { Calls } from '../calls.ts';
import { signedUrl } from '../signing.ts';

/** A world in which nothing is real: the functions behind the calls, and a memory for records. */
export function world() {
  const pushed: string[] = [];
  const calls: Calls = {
    'com.acme.classify': async ({ clip }) => {
      const label = (clip.split('/')[1] ?? '').split('-')[0] ?? '';
      if (label === 'fog') throw new Error('down');
      return { label };
    },
    'com.acme.push': async ({ path }) => {
      pushed.push(path);
      return {};
    },
    'com.acme.sign': async ({ clip }) => ({
      url: signedUrl('https://clips.example', clip, Date.now() + 1000, () => 'secret'),
    }),
  };
  const store = memoryStore();
  const silent = () => undefined;
  const logger = { debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
  const options = { store, calls, publisher: route({ default: null }), sweep: true, logger };
  return { options, store, pushed };
}
