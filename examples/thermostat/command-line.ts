import { duration, flag, number, readOptions, text, type Given } from '@hearth/cli';
import { HearthError } from '@hearth/core';
import { readSpeed } from './replay.ts';

/** What `npm start -- --help` says. */
export const usage = `npm start -- [options]     a home with simulated thermostats, people and a broker, all on this computer

  --for 30s          end by itself after so long; else Ctrl-C ends it
  --devices N        so many thermostats (default 3), five to a home
  --rate N           readings a second from each (default 1)
  --broker URL       use an outside broker, such as mqtt://localhost:1883, instead of the embedded one
  --fresh            forget what is kept in .hearth and begin anew
  --json             print one JSON summary as the last line
  --replay FILE.csv  play a recorded room instead, from the beginning each time
      --below N      when it is cold, °C (default 15.5)
      --speed X|max  how many times faster than recorded (default max)`;

const specs = {
  for: duration,
  devices: number({ from: 1, to: 5000, whole: true }),
  rate: number({ from: 0.01, to: 10_000 }),
  broker: text,
  fresh: flag,
  json: flag,
  replay: text,
  below: number(),
  speed: { takes: 'value', read: readSpeed },
  help: flag,
} as const;

/** What was asked for. */
export type Asked = Given<typeof specs>;

/**
 * Reads the command line.
 *
 * @throws {HearthError} `invalid-option` that names the option and says what it needs.
 */
export function readCommandLine(args: readonly string[]): Asked {
  const { options, words } = readOptions(args, specs);
  if (words[0] !== undefined) {
    refuse(words[0], `What is "${words[0]}"? There are only options; --help lists them.`);
  }
  const isReplay = options.replay !== undefined;
  const astray = isReplay ? (['devices', 'rate'] as const) : (['below', 'speed'] as const);
  const lost = astray.find((name) => name in options);
  if (lost === undefined) return options;
  const goes = isReplay ? 'does not go with' : 'goes only with';
  return refuse(`--${lost}`, `--${lost} ${goes} --replay.`);
}

function refuse(field: string, message: string): never {
  throw new HearthError('invalid-option', message, { field });
}
