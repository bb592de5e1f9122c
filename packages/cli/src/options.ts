import { parseArgs } from 'node:util';
import { HearthError } from '@hearth/core';
import { parseDuration } from './duration.ts';

/** One option of a command: whether it takes a value, and how that is read. `read` throws `invalid-option`. */
export interface Option<T> {
  readonly takes: 'nothing' | 'value';
  readonly read: (text: string, name: string) => T;
}

/** The options of a command by name, without the dashes. */
export type OptionSpecs = Readonly<Record<string, Option<unknown>>>;

/** What the command line said: only the options that were given. */
export type Given<S extends OptionSpecs> = {
  readonly [K in keyof S]?: S[K] extends Option<infer T> ? T : never;
};

/** `--json`: is there or is not. */
export const flag: Option<true> = { takes: 'nothing', read: () => true };

/** `--store FILE`: any text. */
export const text: Option<string> = {
  takes: 'value',
  read: (given, name) => (given === '' ? refuse(name, 'must not be empty') : given),
};

/** `--for 30s`: a duration in ms. */
export const duration: Option<number> = { takes: 'value', read: parseDuration };

/** `--below 21.5`: a number within bounds. */
export function number(
  bounds: { readonly from?: number; readonly to?: number; readonly whole?: true } = {},
): Option<number> {
  const { from = -Infinity, to = Infinity, whole } = bounds;
  const kind = whole === true ? 'a whole number' : 'a number';
  const range =
    to < Infinity ? ` from ${from} to ${to}` : from > -Infinity ? ` of at least ${from}` : '';
  return {
    takes: 'value',
    read(given, name) {
      const value = given.trim() === '' ? Number.NaN : Number(given);
      const fits = Number.isFinite(value) && value >= from && value <= to;
      if (!fits || (whole === true && !Number.isInteger(value))) {
        return refuse(name, `needs ${kind}${range}, not "${given}"`);
      }
      return value;
    },
  };
}

function refuse(name: string, what: string): never {
  throw new HearthError('invalid-option', `${name} ${what}.`, { field: name });
}

/**
 * Reads a command line.
 *
 * @throws {HearthError} `invalid-option` that names the option, and the options there are.
 */
export function readOptions<const S extends OptionSpecs>(
  args: readonly string[],
  specs: S,
): { readonly options: Given<S>; readonly words: readonly string[] } {
  const { values, positionals } = parsed(args, specs);
  const options = Object.entries(values).map(([name, value]) => {
    const read = specs[name]?.read(typeof value === 'string' ? value : '', `--${name}`);
    return [name, read] as const;
  });
  // Each value was read by the option of its name.
  return { options: Object.fromEntries(options) as Given<S>, words: positionals };
}

function parsed(args: readonly string[], specs: OptionSpecs) {
  const known = Object.entries(specs).map(
    ([name, { takes }]) => [name, { type: takes === 'value' ? 'string' : 'boolean' }] as const,
  );
  try {
    return parseArgs({
      args: joinNegatives(args, specs),
      options: Object.fromEntries(known),
      allowPositionals: true,
    });
  } catch (cause) {
    const names = Object.keys(specs).map((name) => `--${name}`);
    const [first = ''] = (cause as Error).message.split(/[.\n]/);
    const message = `${first.replaceAll("'", '"')}. The options are ${names.join(', ')}.`;
    throw new HearthError('invalid-option', message, { cause });
  }
}

/** `--below -5` is a value; parseArgs alone would take it for an option. */
function joinNegatives(args: readonly string[], specs: OptionSpecs): string[] {
  const takesValue = (arg: string | undefined) =>
    arg?.startsWith('--') === true && specs[arg.slice(2)]?.takes === 'value';
  const isNegative = (arg: string | undefined) => /^-\d/.test(arg ?? '');
  return args.flatMap((arg, at) => {
    if (isNegative(arg) && takesValue(args[at - 1])) return [];
    return takesValue(arg) && isNegative(args[at + 1]) ? [`${arg}=${args[at + 1]}`] : [arg];
  });
}
