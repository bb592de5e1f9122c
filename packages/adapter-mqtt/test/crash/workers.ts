import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Job } from './job.ts';

const script = join(import.meta.dirname, 'worker.ts');

/** Worker processes, one at work at a time. */
export interface Workers {
  /** Sets a worker to work; resolves once it has subscribed. */
  begin(): Promise<void>;
  /** Ends the worker as the kernel does when memory is short, between any two instructions, and sets the next one to work at once. */
  replace(): Promise<void>;
  /** Asks the worker to end, and waits until it has. */
  end(): Promise<void>;
  /** Kills everything that is left. */
  stop(): void;
}

/** Workers for a job. The next one is loaded while the one before works, because loading takes longer than what is to be tested. */
export function workers(job: Job, cache: string): Workers {
  let next = load(cache);
  let current: ChildProcess | undefined;
  const begin = async () => {
    const { child, loaded } = next;
    await loaded;
    current = child;
    const subscribed = once(child, 'message');
    child.send(job);
    next = load(cache);
    return { subscribed };
  };
  return {
    async begin() {
      await (
        await begin()
      ).subscribed;
    },
    async replace() {
      await next.loaded;
      current?.kill('SIGKILL');
      await begin();
    },
    async end() {
      if (current === undefined) return;
      const ended = once(current, 'exit');
      current.kill('SIGTERM');
      await ended;
    },
    stop() {
      current?.kill('SIGKILL');
      next.child.kill('SIGKILL');
    },
  };
}

function load(cache: string) {
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const loaded = once(child, 'message');
  // A worker that is killed before it is needed has nothing to say.
  loaded.catch(() => undefined);
  return { child, loaded };
}
