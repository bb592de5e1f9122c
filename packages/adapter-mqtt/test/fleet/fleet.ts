import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { MqttTriggerStats } from '../../src/index.ts';
import type { releases } from './eggs.ts';

/** What a worker is told. */
export interface Job {
  readonly url: string;
  readonly file: string;
  readonly clientId: string;
  readonly release: keyof typeof releases;
}

/** Starts a worker in a process of its own; resolves once it has subscribed. `end` lets it finish, and tells what it did. */
export async function worker(job: Job) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'worker.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // One that ends before it has said anything must not be waited for.
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`A worker ended with ${code}.`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  child.send(job);
  await Promise.race([once(child, 'message'), ended]);
  return {
    async end(): Promise<MqttTriggerStats> {
      const said = once(child, 'message');
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const [stats] = (await said) as [MqttTriggerStats];
      await gone;
      return stats;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
