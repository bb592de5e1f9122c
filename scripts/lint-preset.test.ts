import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './sources.ts';

const good = `import { defineHandler } from '@hearth/core';

export const lamp = defineHandler({ name: 'lamp' }).on(pressed, ({ state, event, now }) => ({
  state: { ...state, lit: !state.lit, pressedAt: new Date(now).toISOString() },
  timers: [{ key: 'off', at: Date.parse(event.time) + Math.round(60_000) }],
}));
`;

const bad = {
  'Date.now()': 'export const value = Date.now();',
  'new Date()': 'export const value = new Date();',
  'Date()': 'export const value = Date();',
  'getHours()': 'export const value = new Date(0).getHours();',
  'toLocaleString()': 'export const value = new Date(0).toLocaleString();',
  'Math.random()': 'export const value = Math.random();',
  'crypto.randomUUID()': 'export const value = crypto.randomUUID();',
  'performance.now()': 'export const value = performance.now();',
  process: "export const value = process.env['HOME'];",
  fetch: "export const value = fetch('http://localhost');",
  setTimeout: 'setTimeout(() => {}, 1);',
  setInterval: 'setInterval(() => {}, 1);',
  console: "console.log('hello');",
  'node:fs': "import { readFileSync } from 'node:fs';\nexport const value = readFileSync;",
  fs: "import { readFileSync } from 'fs';\nexport const value = readFileSync;",
  'an async step': 'export const value = handler.on(event, async ({ state }) => ({ state }));',
  'an async method': 'export const value = { async apply() {} };',
};

let folder = '';

/** Lints as a user does: the preset comes from node_modules and one folder extends it. */
function lint(file: string): Promise<{ readonly failed: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    const tool = join(root, 'node_modules/.bin/oxlint');
    execFile(tool, ['--format=unix', file], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: stdout + stderr });
    });
  });
}

describe('the lint preset for handlers', () => {
  let findings = '';
  const names = Object.keys(bad);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-preset-'));
    await mkdir(join(folder, 'node_modules/@hearth'), { recursive: true });
    await symlink(join(root, 'packages/core'), join(folder, 'node_modules/@hearth/core'));
    await mkdir(join(folder, 'src/home'), { recursive: true });
    await writeFile(
      join(folder, 'src/home/.oxlintrc.json'),
      JSON.stringify({ extends: ['../../node_modules/@hearth/core/oxlint.json'] }),
    );
    await writeFile(join(folder, 'src/home/good.ts'), good);
    for (const [index, text] of Object.values(bad).entries()) {
      await writeFile(join(folder, `src/home/bad-${index}.ts`), `${text}\n`);
    }
    findings = (await lint('src/home')).output;
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('passes a pure step', async () => {
    expect(await lint('src/home/good.ts')).toMatchObject({ failed: false });
  });

  it.each(names)('finds %s', (name) => {
    expect(findings).toContain(`bad-${names.indexOf(name)}.ts:`);
  });

  it('finds nothing outside the folder that asks for it', async () => {
    await writeFile(join(folder, 'src/main.ts'), 'export const value = Date.now();\n');
    expect(await lint('src/main.ts')).toMatchObject({ failed: false });
  });
});
