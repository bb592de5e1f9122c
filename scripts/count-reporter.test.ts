import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './sources.ts';

const files = {
  'vitest.config.mjs': 'export default {};',
  'counts.test.ts': `
    import { expect, it } from 'vitest';
    it('passes', () => { expect(1).toBe(1); });
    it('fails', () => { expect(1).toBe(2); });
    it('waits', (context) => context.skip('needs a broker'));`,
  'hook.test.ts': `
    import { beforeAll, describe, it } from 'vitest';
    describe('a suite', () => { beforeAll(() => { throw new Error('no'); }); it('never runs', () => {}); });`,
  'broken.test.ts': `throw new Error('cannot be loaded');`,
};

it('ends a run with the reasons of skips and the counts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-counts-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { status, stdout } = spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    ['run', '--root', folder, `--reporter=${root}scripts/count-reporter.ts`],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  rmSync(folder, { recursive: true, force: true });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toContain('skipped: waits (needs a broker)');
  expect(lines.at(-1)).toBe('tests: 1 passed, 3 failed, 2 skipped');
  expect(status).toBe(1);
}, 30_000);
