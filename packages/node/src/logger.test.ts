import { HearthError } from '@hearth/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { logger } from './logger.ts';

function linesOf(write: (log: ReturnType<typeof logger>) => void, options = {}) {
  const lines: string[] = [];
  write(logger({ stream: { write: (line: string) => void lines.push(line) }, ...options }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('logger', () => {
  it('writes time, level by name, message and fields', () => {
    const [line] = linesOf((log) => log.warn({ eventId: '1' }, 'Somebody spoke for another.'));
    expect(line).toEqual({
      ts: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      level: 'warn',
      msg: 'Somebody spoke for another.',
      eventId: '1',
    });
  });

  it('begins at the level of LOG_LEVEL, and at info if that is none', () => {
    const both = (log: ReturnType<typeof logger>) => {
      log.debug({}, 'debug');
      log.info({}, 'info');
    };
    vi.stubEnv('LOG_LEVEL', 'debug');
    expect(linesOf(both)).toHaveLength(2);
    vi.stubEnv('LOG_LEVEL', 'toString');
    expect(linesOf(both)).toHaveLength(1);
    vi.stubEnv('LOG_LEVEL', 'silent');
    expect(linesOf(both)).toHaveLength(0);
  });

  it('keeps the level that the environment had when it was made', () => {
    vi.stubEnv('LOG_LEVEL', 'error');
    const lines = linesOf((log) => {
      vi.stubEnv('LOG_LEVEL', 'debug');
      log.warn({}, 'Something.');
      log.error({}, 'Something.');
    });
    expect(lines).toMatchObject([{ level: 'error' }]);
  });

  it('refuses paths that are none when it is made', () => {
    expect(() => logger({ redact: ['a['] })).toThrow('redact');
  });

  it('shows neither data nor credentials, up to three levels deep', () => {
    const secret = 'SECRET';
    const headers = { authorization: secret, Authorization: secret, cookie: secret };
    const event = { id: '1', data: { secret } };
    const fields = { data: secret, event, events: [event], request: { headers } };
    const [line] = linesOf((log) => log.error(fields, 'Something.'));
    expect(JSON.stringify(line)).not.toContain(secret);
    expect(line).toMatchObject({ event: { id: '1', data: '[redacted]' } });
  });

  it('redacts further paths that it is told', () => {
    const [line] = linesOf((log) => log.info({ home: { street: 'x' } }, 'Something.'), {
      redact: ['home.street'],
    });
    expect(line).toMatchObject({ home: { street: '[redacted]' } });
  });

  it('shows of a foreign error where it was thrown, but not its message, which may quote data', () => {
    const quoting = new SyntaxError('Unexpected token in {"name":"Bob"}');
    const err = new HearthError('invalid-data', 'It does not fit.', { cause: quoting });
    const [line] = linesOf((log) => log.error({ err }, 'Something.'));
    expect(JSON.stringify(line)).not.toContain('Bob');
    expect(line).toMatchObject({
      err: {
        type: 'HearthError',
        code: 'invalid-data',
        message: 'It does not fit.',
        cause: { type: 'SyntaxError', stack: expect.stringContaining('logger.test.ts') as string },
      },
    });
  });

  it('cannot be made to write two lines by a control character in a message', () => {
    const err = new TypeError('a\n{"level":"error"}');
    const [line, ...more] = linesOf((log) => log.error({ err }, 'Something.'));
    expect(more).toEqual([]);
    expect(line).toMatchObject({ err: { message: 'a\\u000a{"level":"error"}' } });
  });
});
