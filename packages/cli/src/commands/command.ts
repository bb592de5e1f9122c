import type { Sink } from '../live/screen.ts';

/** What a command has of the world. */
export interface Io {
  /** Results. */
  readonly stdout: Sink;
  /** Everything else: progress, hints, errors. */
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A command of `hearth`. `run` gives the exit code, or throws a `HearthError`. */
export interface Command {
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[], io: Io): Promise<number>;
}

/**
 * What the exit codes mean: `failed` is everything that is not the command line's fault; `different` says that a comparison found
 * differences, or that something was left undone.
 */
export const exitCodes = { done: 0, failed: 1, usage: 2, different: 3 } as const;

/** Writes a line of results. */
export function print(io: Io, line: string): void {
  io.stdout.write(`${line}\n`);
}
