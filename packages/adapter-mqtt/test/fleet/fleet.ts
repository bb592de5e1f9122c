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
  await once(child, 'message');
  child.send(job);
  await once(child, 'message');
  return {
    async end(): Promise<MqttTriggerStats> {
      const said = once(child, 'message');
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [stats] = (await said) as [MqttTriggerStats];
      await ended;
      return stats;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
