import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A function that is run once in a process of its own. */
export interface AzureProcessOptions {
  /** The module that exports, as `handler`, what `app.eventHub` takes. */
  readonly module: URL;
  /** The body of the message that it is run with. */
  readonly body: string;
}

/**
 * Starts a process with the real library, registers the function, hands in one message of an event hub, and gives the milliseconds from
 * the start of the process to the answer. Rejects if the function does.
 */
export async function firstAnswerMs({ module, body }: AzureProcessOptions): Promise<number> {
  const start = performance.now();
  const child = fork(new URL('azure-process-main.ts', import.meta.url), [module.href, body], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const [answer] = (await Promise.race([once(child, 'message'), exited])) as [unknown];
  const ms = performance.now() - start;
  child.kill('SIGKILL');
  await exited;
  if (answer === 'done') return ms;
  throw new Error(`The function did not answer: ${String(answer)}`);
}
