import { expect, it, onTestFinished } from 'vitest';
import { cloudLogger, during } from './cloud-logger.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function logged() {
  const lines: Record<string, unknown>[] = [];
  const log = cloudLogger((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  return { lines, log };
}

it('writes lines as Cloud Logging reads them, and shows no data', () => {
  const { lines, log } = logged();
  log.warn({ reason: 'conflict', data: 'secret' }, 'Again.');
  log.error({}, 'Wrong.');
  log.fatal({}, 'Gone.');
  expect(lines.map(({ severity }) => severity)).toEqual(['WARNING', 'ERROR', 'CRITICAL']);
  expect(lines[0]).toEqual({
    severity: 'WARNING',
    message: 'Again.',
    time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    reason: 'conflict',
    data: '[redacted]',
  });
});

it('files a line under the trace of its call, where the project is known', () => {
  const { lines, log } = logged();
  const before = process.env['GOOGLE_CLOUD_PROJECT'];
  onTestFinished(() => {
    if (before === undefined) delete process.env['GOOGLE_CLOUD_PROJECT'];
    else process.env['GOOGLE_CLOUD_PROJECT'] = before;
  });
  process.env['GOOGLE_CLOUD_PROJECT'] = 'acme';
  during(traceparent, () => log.info({}, 'in'));
  during(['x'], () => log.info({}, 'no trace'));
  during('no trace', () => log.info({}, 'no trace'));
  log.info({}, 'out');
  expect(lines[0]).toMatchObject({
    'logging.googleapis.com/trace': 'projects/acme/traces/0af7651916cd43dd8448eb211c80319c',
  });
  for (const line of lines.slice(1))
    expect(line).not.toHaveProperty(['logging.googleapis.com/trace']);
});
