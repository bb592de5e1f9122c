import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '@hearth/core';
import { logger } from '@hearth/node';

const calls = new AsyncLocalStorage<string>();

/** Runs work whose log lines belong to a call with this trace context. */
export function during<T>(traceparent: unknown, work: () => T): T {
  return typeof traceparent === 'string' ? calls.run(traceparent, work) : work();
}

// The other levels have the same names there, in capitals.
const severities: Readonly<Record<string, string>> = { warn: 'WARNING', fatal: 'CRITICAL' };

/**
 * A pino logger whose lines Cloud Logging understands: with `severity` and `message`, and beside the other lines of their request in
 * Cloud Trace if `GOOGLE_CLOUD_PROJECT` is set. It shows no data of events and no credentials.
 */
export function cloudLogger(write = (line: string): unknown => process.stdout.write(line)): Logger {
  return logger({
    stream: {
      write(line) {
        const { level, msg, ts, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
        const severity = severities[String(level)] ?? String(level).toUpperCase();
        const own = { severity, message: msg, time: ts, ...fields, ...traceOf(calls.getStore()) };
        write(`${JSON.stringify(own)}\n`);
      },
    },
  });
}

function traceOf(traceparent = ''): object {
  const project = process.env['GOOGLE_CLOUD_PROJECT'];
  const trace = /^\w{2}-(\w{32})-/.exec(traceparent)?.[1];
  if (trace === undefined || project === undefined) return {};
  return { 'logging.googleapis.com/trace': `projects/${project}/traces/${trace}` };
}
