import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { blocksOf, extract } from './docs.ts';
import { read, root } from './sources.ts';

const page = 'docs/tutorial.md';
const text = read(page);
const extracted = extract(blocksOf(page, text));
const folder = mkdtempSync(join(tmpdir(), 'hearth-tutorial-'));
const app = extracted.pathOf({ page, file: 'app.ts', line: 0, code: '', isRun: false });
const hearth = [`${root}packages/cli/src/bin.ts`];
const run = promisify(execFile);

afterAll(() => {
  extracted.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** What the page tells its reader to publish, as arguments, to a broker on another port. */
function publications(port: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => line.startsWith('npx mqtt_pub '));
  return lines.map((line) =>
    [...line.matchAll(/'([^']*)'|(\S+)/g)]
      .map(([, quoted, plain]) => quoted ?? plain ?? '')
      .slice(2)
      .map((word) => (word === '41883' ? port : word)),
  );
}

it('ends as the page says when its commands are typed', async () => {
  const dev = spawn(process.execPath, [...hearth, 'dev', app, '--folder', folder]);
  let shown = '';
  dev.stdout.setEncoding('utf8').on('data', (more: string) => (shown += more));
  const seen = async (pattern: RegExp) => {
    while (!pattern.test(shown)) await once(dev.stdout, 'data');
    return pattern.exec(shown)?.[1] ?? '';
  };
  const port = await seen(/127\.0\.0\.1:(\d+)/);
  const commands = publications(port);
  expect(commands).toHaveLength(4);
  for (const args of commands) await run(`${root}docs/node_modules/.bin/mqtt_pub`, args);
  await seen(/wish +t1 +occupiedHeatingSetpoint 18/);
  const decision = /^decision .*$/m.exec(text)?.[0] ?? 'no decision on the page';
  expect(shown).toContain(decision);
  dev.kill('SIGKILL');
  await once(dev, 'exit');

  const store = ['--store', join(folder, 'home.db')];
  const inspect = [...hearth, 'inspect', 'cold-and-empty/h1', ...store];
  const { stdout } = await run(process.execPath, inspect);
  expect(stdout).toContain('because nobodyHome and cold  (on com.acme.home.changed)');
  expect(stdout).toContain('→ com.acme.thermostat.set t1');
});
