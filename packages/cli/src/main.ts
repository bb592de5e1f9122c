import { isHearthError } from '@hearth/core';
import { exitCodes, print, type Command, type Io } from './commands/command.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { dev } from './commands/dev.ts';
import { importCommand } from './commands/import.ts';
import { inspect } from './commands/inspect.ts';
import { replay } from './commands/replay.ts';
import { shadowCommand } from './commands/shadow.ts';

const commands: Readonly<Record<string, Command>> = {
  dev,
  inspect,
  'dead-letters': deadLetters,
  replay,
  import: importCommand,
  shadow: shadowCommand,
};

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  hearth ${name.padEnd(width)}  ${summary}`,
  );
  return `hearth: run, inspect and replay a Hearth app

${lines.join('\n')}

hearth help <command> says more. Every command knows --json.
Exit codes: 0 done, 1 failed, 2 wrong options, 3 differences found or something left undone.`;
}

/** Runs `hearth` with its arguments and gives the exit code; whatever goes wrong is one line on standard error. Never rejects. */
export function main(args: readonly string[], io: Io): Promise<number> {
  return guarded('hearth', args, io, () => dispatch(args, io));
}

/** Gives the exit code of a command. What it throws becomes one line on standard error, in JSON if the arguments say `--json`. */
export async function guarded(
  program: string,
  args: readonly string[],
  io: Io,
  command: () => Promise<number>,
): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const code = isHearthError(error) ? error.code : 'step-failed';
    const message = error instanceof Error ? error.message : String(error);
    const asJson = args.includes('--json');
    const line = asJson ? JSON.stringify({ error: { code, message } }) : `${program}: ${message}`;
    io.stderr.write(`${line}\n`);
    const isBug = !isHearthError(error) && error instanceof Error && io.env['DEBUG'] !== undefined;
    if (isBug) io.stderr.write(`${error.stack}\n`);
    return code === 'invalid-option' ? exitCodes.usage : exitCodes.failed;
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined && !rest.includes('--help')) return command.run(rest, io);
  if (command !== undefined) return say(io, command.usage);
  if (name === 'help' || name === '--help') {
    const about = commands[rest[0] ?? ''];
    return say(io, about?.usage ?? usage());
  }
  const what = name === '' ? 'Which command?' : `There is no command "${name}".`;
  io.stderr.write(`hearth: ${what}\n\n${usage()}\n`);
  return exitCodes.usage;
}

function say(io: Io, text: string): number {
  print(io, text);
  return exitCodes.done;
}
