import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '@hearth/core';
import { logger } from '@hearth/node';
import type { FunctionContext } from './context.ts';

const invocations = new AsyncLocalStorage<FunctionContext>();

/** Runs work whose log lines belong to an invocation. */
export function during<T>(context: FunctionContext, work: () => T): T {
  return invocations.run(context, work);
}

const levels: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error'>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
};

/**
 * A pino logger whose lines go through the invocation's context, so that Application Insights files them under its operation. It shows no
 * data of events and no credentials; what is logged outside of an invocation goes to standard output.
 */
export function contextLogger(): Logger {
  return logger({
    stream: {
      write(line) {
        const context = invocations.getStore();
        if (context === undefined) process.stdout.write(line);
        else context[levels[/"level":"(\w+)"/.exec(line)?.[1] ?? ''] ?? 'error'](line.trimEnd());
      },
    },
  });
}
