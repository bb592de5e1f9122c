import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLambda, type Lambda } from './lambda.ts';

const handler = `
  export const handler = async (event, context) => {
    if (event.throw) throw new TypeError(event.throw);
    if (event.exit) process.exit(event.exit);
    if (event.hang) await new Promise((resolve) => setInterval(resolve, 1e9));
    process.stdout.write('seen ' + event.seen + '\\n');
    const { awsRequestId, clientContext } = context;
    const left = context.getRemainingTimeInMillis();
    return { pid: process.pid, awsRequestId, clientContext, left, trace: process.env._X_AMZN_TRACE_ID };
  };
`;

interface Seen {
  readonly pid: number;
  readonly left: number;
}

describe('startLambda', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-test-'));
  const module = pathToFileURL(join(folder, 'module.mjs'));
  let lambda: Lambda;

  beforeAll(async () => {
    writeFileSync(module, handler);
    lambda = await startLambda({ module, timeoutMs: 5000 });
  });

  afterAll(async () => {
    await lambda.stop();
    rmSync(folder, { recursive: true });
  });

  it('gives the handler its event and its context', async () => {
    const answer = await lambda.invoke(
      { seen: 'Süd' },
      { clientContext: { a: 1 }, traceId: 'Root=1-2-3' },
    );
    expect(answer).toMatchObject({
      awsRequestId: 'request-1',
      clientContext: { a: 1 },
      trace: 'Root=1-2-3',
    });
    expect((answer as Seen).left).toBeGreaterThan(4000);
    await expect.poll(() => lambda.output()).toContain('seen Süd\n');
  });

  it('invokes one after the other in one process', async () => {
    const answers = (await Promise.all([lambda.invoke({}), lambda.invoke({})])) as readonly Seen[];
    expect(answers[0]?.pid).toBe(answers[1]?.pid);
  });

  it('says what the handler threw, and goes on', async () => {
    await expect(lambda.invoke({ throw: 'boom' })).rejects.toMatchObject({
      errorType: 'TypeError',
      message: 'boom',
    });
    await expect(lambda.invoke({})).resolves.toBeDefined();
  });

  it('replaces a process that has ended, or that takes too long', async () => {
    const { pid } = (await lambda.invoke({})) as Seen;
    await expect(lambda.invoke({ exit: 3 })).rejects.toThrow('Runtime exited with 3');
    const second = (await lambda.invoke({})) as Seen;
    expect(second.pid).not.toBe(pid);
    await expect(lambda.invoke({ hang: true }, { timeoutMs: 50 })).rejects.toThrow(
      'Task timed out after 0.05 seconds',
    );
    expect(((await lambda.invoke({})) as Seen).pid).not.toBe(second.pid);
  });

  it('says that a module could not be loaded', async () => {
    const wrong = await startLambda({ module, handler: 'other' });
    await expect(wrong.invoke({})).rejects.toMatchObject({
      errorType: 'Runtime.UserCodeSyntaxError',
    });
    await wrong.stop();
  });
});
