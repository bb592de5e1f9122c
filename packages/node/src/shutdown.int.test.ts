import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = new URL('shutdown.ts', import.meta.url).href;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, '.shutdown-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process that stays alive until it is told to end, once it has said that it is ready. */
async function start(name: string, body: string) {
  const path = join(folder, `${name}.ts`);
  const alive = 'setInterval(() => {}, 1e6);';
  await writeFile(
    path,
    `import { onShutdown } from '${source}';\n${alive}\n${body}\nconsole.log('ready');\n`,
  );
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const until = async (word: string) => {
    while (!output.includes(word)) await once(child.stdout, 'data');
  };
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }));
  await until('ready');
  return { child, until, ended };
}

describe('onShutdown', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains on %s, last registered first, then ends with 0',
    async (signal) => {
      const { child, ended } = await start(
        'order',
        `
      onShutdown(async () => { await null; console.log('store'); });
      onShutdown(() => console.log('trigger'));`,
      );
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, output: 'ready\ntrigger\nstore\n' });
    },
  );

  it('goes on after a drain that fails, and ends with 1', async () => {
    const { child, ended } = await start(
      'failing',
      `
      onShutdown(() => console.log('store'));
      onShutdown(() => { throw new Error(); });
      process.on('warning', () => {});`,
    );
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 1, output: 'ready\nstore\n' });
  });

  it('ends at once on a second signal', async () => {
    const { child, until, ended } = await start(
      'second',
      `
      onShutdown(() => { console.log('draining'); return new Promise(() => {}); });`,
    );
    child.kill('SIGTERM');
    await until('draining');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('forgets a drain that was taken back', async () => {
    const { child, ended } = await start('taken', `onShutdown(() => console.log('no'))();`);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ signal: 'SIGTERM', output: 'ready\n' });
  });
});
