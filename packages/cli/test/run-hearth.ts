import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a run of the command left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of the command. */
export const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url));

/** The path of a file in this folder. */
export const fixture = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs `hearth` in a process of its own. */
export function hearth(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1' };
    execFile(process.execPath, [bin, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
