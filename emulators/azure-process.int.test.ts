import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { firstAnswerMs } from './azure-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-azure-'));
afterAll(() => rmSync(folder, { recursive: true }));

function module(name: string, body: string): URL {
  const file = join(folder, name);
  const place = `connection: 'C', eventHubName: 'h', cardinality: 'many', dataType: 'binary'`;
  writeFileSync(
    file,
    `export const handler = { ${place}, handler: async ([body]) => { ${body} } };`,
  );
  return pathToFileURL(file);
}

it('runs a function in a process of its own, and says how long that took', async () => {
  const checks = module('good.mjs', `if (String(body) !== 'x') throw new Error(String(body))`);
  expect(await firstAnswerMs({ module: checks, body: 'x' })).toBeGreaterThan(0);
});

it('rejects with what the function threw', async () => {
  const throws = module('bad.mjs', `throw new Error('a bug')`);
  await expect(firstAnswerMs({ module: throws, body: 'x' })).rejects.toThrow(/a bug/);
});
