import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './sources.ts';

// One file each, so that a finding can be told from the others by its file.
const planted: Readonly<Record<string, string>> = {
  'clock.ts': 'export const value = Date.now();',
  'destructured-clock.ts': 'const { now } = Date;\nexport const value = now;',
  'new-date.ts': 'export const value = new Date();',
  'time-zone.ts': 'export const value = new Date(0).getHours();',
  'random.ts': 'export const value = Math.random();',
  'environment.ts': "export const value = process.env['HOME'];",
  'console.ts': "console.log('hello');",
  'timer.ts': 'setTimeout(() => {}, 1);',
  'network.ts': "export const value = fetch('http://localhost');",
  'uuid.ts': 'export const value = crypto.randomUUID();',
  'bytes.ts': "export const value = Buffer.from('a');",
  'files.ts': "import { readFileSync } from 'node:fs';\nexport const value = readFileSync;",
  'old-files.ts': "import { readFileSync } from 'fs';\nexport const value = readFileSync;",
  'aws.ts': "import { S3 } from '@aws-sdk/client-s3';\nexport const value = S3;",
  'sdk.ts': "import { CloudEvent } from 'cloudevents';\nexport const value = CloudEvent;",
  'adapter.ts': "import * as mqtt from '@hearth/adapter-mqtt';\nexport const value = mqtt;",
};

// What the compiler cannot see: the language itself has a clock, a random source and a time zone.
const onlyLint = new Set([
  'clock.ts',
  'destructured-clock.ts',
  'new-date.ts',
  'time-zone.ts',
  'random.ts',
  // Core may use the SDK in tests, so it is installed.
  'sdk.ts',
]);

let folder = '';

interface Run {
  readonly failed: boolean;
  readonly output: string;
}

function run(tool: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const path = join(root, 'node_modules/.bin', tool);
    execFile(path, args, { cwd: folder, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: stdout + stderr });
    });
  });
}

/** Copies what lint and compiler read of the workspace, so that nothing is ever planted in the real tree. */
async function copyCore(): Promise<void> {
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
    await cp(join(root, file), join(folder, file));
  }
  await mkdir(join(folder, 'packages/core'), { recursive: true });
  for (const file of ['src', 'package.json', 'tsconfig.pure.json', 'oxlint-plugin.js']) {
    await cp(join(root, 'packages/core', file), join(folder, 'packages/core', file), {
      recursive: true,
    });
  }
  for (const modules of ['node_modules', 'packages/core/node_modules']) {
    await symlink(join(root, modules), join(folder, modules));
  }
}

async function plant(names: readonly string[]): Promise<void> {
  for (const name of names) {
    await writeFile(join(folder, 'packages/core/src/planted', name), `${planted[name]}\n`);
  }
}

describe('core stays pure', () => {
  let lint: Run;
  let compiler: Run;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-purity-'));
    await copyCore();
    await mkdir(join(folder, 'packages/core/src/planted'));
    const names = Object.keys(planted);
    // What only the linter sees is planted later: the SDK's types would bring Node's types with them.
    await plant(names.filter((name) => !onlyLint.has(name)));
    compiler = await run('tsc', ['-p', 'packages/core/tsconfig.pure.json']);
    await plant(names);
    lint = await run('oxlint', ['--format=unix', 'packages/core/src/planted']);
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.keys(planted))('the linter finds %s', (name) => {
    expect(lint.failed).toBe(true);
    expect(lint.output).toContain(`src/planted/${name}:`);
  });

  it.each(Object.keys(planted).filter((name) => !onlyLint.has(name)))(
    'the compiler finds %s',
    (name) => {
      expect(compiler.failed).toBe(true);
      expect(compiler.output).toContain(`src/planted/${name}(`);
    },
  );
});
