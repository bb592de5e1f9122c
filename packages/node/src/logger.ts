import { isHearthError, loggable } from '@hearth/core';
import type { Logger } from '@hearth/core';
import { destination, pino, type DestinationStream, type LoggerOptions as PinoOptions } from 'pino';

/** What may be chosen of a logger. */
export interface LoggerOptions {
  /** The lowest level that is written: that of `LOG_LEVEL`, else `info`. */
  readonly level?: string;
  /**
   * `true`, the default, writes each line before going on: nothing is lost where a host freezes or kills the process. `false` writes
   * in the background, which is faster.
   */
  readonly sync?: boolean;
  /** Where lines go instead of standard output. */
  readonly stream?: DestinationStream;
  /** Paths of further fields whose values are replaced by `[redacted]`, in pino's notation. */
  readonly redact?: readonly string[];
  /** Fields that every line has. */
  readonly base?: Readonly<Record<string, unknown>>;
}

// What an event says, and what proves who somebody is; compared in lower case.
const secrets = new Set([
  'data',
  'data_base64',
  'raw',
  'payload',
  'body',
  'password',
  'token',
  'authorization',
  'cookie',
  'set-cookie',
  'credentials',
]);
const censored = '[redacted]';

/**
 * A pino logger that writes one JSON object a line: `ts`, `level` by name, `msg` and the fields.
 *
 * It shows no data of events and no credentials, wherever they are found up to three levels deep, and of an error only what cannot
 * quote data. Pino is set up for the first line, so that a function that has nothing to say starts without.
 */
export function logger(options: LoggerOptions = {}): Logger {
  const { level = process.env['LOG_LEVEL'] ?? 'info', redact = [] } = options;
  let made: Logger | undefined;
  const own = () => (made ??= pinoLogger(options, level));
  // Paths that are none are refused at once.
  if (redact.length > 0) own();
  return {
    debug: (fields, message) => own().debug(fields, message),
    info: (fields, message) => own().info(fields, message),
    warn: (fields, message) => own().warn(fields, message),
    error: (fields, message) => own().error(fields, message),
    fatal: (fields, message) => own().fatal(fields, message),
  };
}

function pinoLogger(options: LoggerOptions, level: string): Logger {
  const { sync = true, redact = [] } = options;
  const settings: PinoOptions = {
    level: Object.hasOwn(pino.levels.values, level) || level === 'silent' ? level : 'info',
    base: { ...options.base },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }), log: (fields) => censor(fields, 3) },
    ...(redact.length === 0 ? {} : { redact: { paths: [...redact], censor: censored } }),
    serializers: { err: errorOf, error: errorOf },
  };
  return pino(settings, options.stream ?? destination({ dest: 1, sync }));
}

/**
 * Takes what nobody may read out of the fields of a line, that many levels deep; copies only what it changes. Pino's own redaction by
 * wildcards costs ten times as much.
 */
function censor(fields: Fields, levels: number): Fields {
  let copy: Fields | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const shown = secrets.has(name.toLowerCase()) ? censored : inside(value, levels - 1);
    if (shown !== value) (copy ??= { ...fields })[name] = shown;
  }
  return copy ?? fields;
}

function inside(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || levels === 0)
    return value;
  return Array.isArray(value)
    ? value.map((one) => inside(one, levels))
    : censor(value as Fields, levels);
}

type Fields = Record<string, unknown>;

// The messages of these say what is wrong with the code, not what was in an event. A SyntaxError quotes what was parsed.
const plain = new Set(['TypeError', 'RangeError', 'ReferenceError']);

/** What a log line may show of an error: the messages of our own errors, of the system's, and where it was thrown. */
function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { readonly code?: unknown };
  const isSystem = typeof code === 'string' && 'errno' in error;
  const isSafe = isHearthError(error) || isSystem || plain.has(error.name);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(isSafe ? { message: loggable(error.message) } : {}),
    stack: frames.slice(0, 8).join('\n'),
    ...(error.cause === undefined ? {} : { cause: errorOf(error.cause) }),
  };
}
