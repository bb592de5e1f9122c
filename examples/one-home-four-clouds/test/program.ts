import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A bundle that runs in a process of its own. */
export interface Program {
  /** What it has written so far. */
  output(): string;
  /** Ends it as its host does, and gives its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a file with this environment and nothing else of ours, and resolves when `isReady` does. */
export async function program(
  file: string,
  env: Readonly<Record<string, string>>,
  isReady: () => boolean | Promise<boolean>,
): Promise<Program> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [file], { env: { PATH, ...env }, stdio: 'pipe' });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // Whoever started it may be killed.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  for (; !(await isReady()); await sleep(20)) {
    if (child.exitCode === null) continue;
    throw new Error(`${file} has ended with ${child.exitCode}:\n${output}`);
  }
  return {
    output: () => output,
    async stop() {
      process.off('exit', kill);
      if (child.exitCode === null) child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

/** Whether something answers there, whatever it says. */
export async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).text();
    return true;
  } catch {
    return false;
  }
}
