import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hearth-cameras-'));
const run = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [main, ...args], { cwd: folder });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('records something, tells a phone, and follows the link', async () => {
  const { stdout } = await run('--for', '100ms');
  expect(stdout).toMatch(/classifier: front-door\/nothing-/);
  expect(stdout.match(/phone: Seen: person/g)).toHaveLength(1);
  expect(stdout).toMatch(/leads to http:.*\/clips\/front-door\/person-.*by=…: person/);
});

it('refuses what it does not know, in one line', async () => {
  await expect(run('--turbo')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^camera: Unknown option "--turbo".*\n$/) as string,
  });
});
