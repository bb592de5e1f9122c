import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commandPath, needs } from '@hearth/testing/needs';
import { describe, expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

// Python starts slowly on a busy machine.
describe('the templates', { timeout: 120_000 }, () => {
  it('for AWS is right for cfn-lint', async (test) => {
    const lint = needs(test, commandPath('cfn-lint'), 'cfn-lint (pip install cfn-lint)');
    await expect(run(lint, [path('aws/template.yaml')])).resolves.toMatchObject({ stdout: '' });
  });

  it('for Google Cloud is written as Terraform writes it', async (test) => {
    const terraform = needs(test, commandPath('terraform'), 'terraform');
    await expect(run(terraform, ['fmt', '-check', path('gcp')])).resolves.toMatchObject({
      stdout: '',
    });
  });

  it('for Google Cloud is right for Terraform', async (test) => {
    const terraform = needs(test, commandPath('terraform'), 'terraform');
    const plugins = process.env['TF_PLUGINS'];
    const provider = join(plugins ?? '', 'registry.terraform.io/hashicorp/google');
    // No machine has to have it: it is a download of 100 MB that no package of npm or Debian brings.
    if (plugins === undefined || !existsSync(provider)) {
      test.skip('needs the google provider in TF_PLUGINS, not found on this machine');
    }
    const folder = await mkdtemp(join(tmpdir(), 'hearth-terraform-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(path('gcp/main.tf'), join(folder, 'main.tf'));
    await run(terraform, [`-chdir=${folder}`, 'init', `-plugin-dir=${plugins}`]);
    await expect(run(terraform, [`-chdir=${folder}`, 'validate'])).resolves.toBeDefined();
  });
});
