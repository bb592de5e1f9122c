// Installs what `npm start` needs: in a fresh clone a tenth of what the tests need. Plain JavaScript, for the Node.js of any machine.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const isComplete = existsSync(new URL('../node_modules/vitest', import.meta.url));
const only = isComplete ? [] : ['--prod', '--filter-prod', '@hearth/example-thermostat...'];
const { status } = spawnSync(
  'npm',
  ['run', '--silent', 'pnpm', '--', 'install', '--frozen-lockfile', ...only],
  { stdio: 'inherit', shell: process.platform === 'win32' },
);
process.exitCode = status ?? 1;
