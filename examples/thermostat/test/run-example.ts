import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A folder of its own for each test, in which the example keeps its `.hearth`. */
export function emptyFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'hearth-example-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An example that runs. */
export interface Running {
  /** Resolves with the broker's address once the example greets. */
  readonly url: Promise<string>;
  kill(signal: NodeJS.Signals): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** What an example left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the example in a process of its own. */
export function start(folder: string, ...args: readonly string[]): Running {
  const env = { ...process.env, NO_COLOR: '1' };
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env });
  // A test that fails must not leave it behind.
  onTestFinished(() => void child.kill('SIGKILL'));
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (texts.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (texts.stderr += data.toString()));
  const exit = once(child, 'close') as Promise<[number | null]>;
  const ended = exit.then(([code]) => ({ code, ...texts }));
  return {
    url: urlIn([child.stdout, child.stderr]),
    ended,
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

/** Runs the example to its end. */
export function runExample(folder: string, ...args: readonly string[]): Promise<Ended> {
  return start(folder, ...args).ended;
}

function urlIn(streams: readonly NodeJS.ReadableStream[]): Promise<string> {
  return new Promise((resolve) => {
    for (const input of streams) {
      createInterface({ input }).on('line', (line) => {
        const [url] = /mqtt:\/\/[\d.]+:\d+/.exec(line) ?? [];
        if (url !== undefined) resolve(url);
      });
    }
  });
}
