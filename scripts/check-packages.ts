import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { manifestOf, packageFolders, root, type Manifest } from './sources.ts';

// Checks the packages as a user gets them: packed, installed into an empty project, and imported.

const work = mkdtempSync(join(tmpdir(), 'hearth-packages-'));
const failures: string[] = [];

const workspaceTool = (name: string): string => join(root, 'node_modules/.bin', name);
// The Node.js of this machine rather than the one that the workspace brings.
const outsidePath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);
const outside = { ...process.env, PATH: outsidePath };
const systemNode = execFileSync('node', ['--version'], { env: outside, encoding: 'utf8' })
  .trim()
  .slice(1);

interface Packed {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly tarball: string;
}

function run(what: string, cwd: string, command: string, args: readonly string[]): boolean {
  const result = spawnSync(command, args, { cwd, env: outside, encoding: 'utf8' });
  if (result.status === 0) return true;
  failures.push(what);
  console.log(`FAILED ${what}\n${result.error?.message ?? ''}${result.stdout}${result.stderr}`);
  return false;
}

function pack(folder: string): Packed {
  const manifest = manifestOf(`packages/${folder}`);
  const from = join(root, 'packages', folder);
  const pnpm = ['run', '--silent', 'pnpm', '--'];
  run(`pack ${folder}`, root, 'npm', [...pnpm, '--dir', from, 'pack', '--pack-destination', work]);
  return { folder, manifest, tarball: join(work, `hearth-${folder}-${manifest.version}.tgz`) };
}

const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

/** Makes an empty project that has only this package; what it needs of the others comes from their tarballs too. */
function install({ folder, manifest, tarball }: Packed, all: readonly Packed[]): string {
  const project = join(work, `project-${folder}`);
  mkdirSync(project);
  const overrides = all
    .filter((other) => other.folder !== folder)
    .map((other) => [other.manifest.name, `file:${other.tarball}`] as const);
  const text = JSON.stringify({
    private: true,
    type: 'module',
    dependencies: { [manifest.name]: `file:${tarball}` },
    overrides: Object.fromEntries(overrides),
  });
  writeFileSync(join(project, 'package.json'), text);
  run(`install ${folder}`, project, 'npm', ['install', ...quiet]);
  return project;
}

function isAtLeast(version: string, range: string): boolean {
  const given = version.split('.').map(Number);
  for (const [index, wanted] of range.replace('>=', '').split('.').map(Number).entries()) {
    const have = given[index] ?? 0;
    if (have !== wanted) return have > wanted;
  }
  return true;
}

/** Gives the Node.js to import a package with: this machine's, unless that is too old for it. */
function nodeFor({ folder, manifest }: Packed): string {
  const range = manifest.engines?.['node'] ?? '';
  if (isAtLeast(systemNode, range)) return 'node';
  console.log(
    `not on Node ${systemNode}: ${folder} needs ${range}, so Node ${process.versions.node} is used`,
  );
  return process.execPath;
}

/** Compiles an import of every door as a user does, without the workspace's settings. */
function readDeclarations(
  folder: string,
  project: string,
  doors: readonly string[],
  isAlone: boolean,
): void {
  const lines = doors.map((door, index) => `export * as door${index} from '${door}';\n`);
  writeFileSync(join(project, 'consumer.ts'), lines.join(''));
  // Core's declarations must stand alone. Those of others lean on packages whose own declarations may not.
  const compilerOptions = {
    noEmit: true,
    strict: true,
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023'],
    skipLibCheck: !isAlone,
    types: isAlone ? [] : ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  );
  run(`declarations of ${folder}`, project, workspaceTool('tsc'), ['-p', '.']);
}

// Doors that are of no use without an optional peer; all others must do without any.
const peers: Readonly<Record<string, string>> = { '@hearth/core/capabilities': 'zod' };

function importDoors(project: string, node: string, doors: readonly string[]): void {
  for (const door of doors) {
    const code = `await import(${JSON.stringify(door)})`;
    run(`import ${door}`, project, node, ['--input-type=module', '--eval', code]);
  }
}

function check(packed: Packed, all: readonly Packed[]): void {
  const { folder, manifest, tarball } = packed;
  const doors = Object.entries(manifest.exports ?? {})
    .filter(([, path]) => path.endsWith('.ts'))
    .map(([door]) => manifest.name + door.slice(1));
  run(`publint ${folder}`, work, workspaceTool('publint'), ['--strict', tarball]);
  if (doors.length > 0) {
    run(`attw ${folder}`, work, workspaceTool('attw'), ['--profile', 'esm-only', tarball]);
  }
  const project = install(packed, all);
  const node = nodeFor(packed);
  const alone = doors.filter((door) => peers[door] === undefined);
  importDoors(project, node, alone);
  for (const name of Object.keys(manifest.bin ?? {})) {
    run(`${name} --help`, project, node, [join('node_modules/.bin', name), '--help']);
  }
  if (doors.length > 0) readDeclarations(folder, project, alone, folder === 'core');
  const others = doors.filter((door) => peers[door] !== undefined);
  if (others.length > 0) {
    const needed = others.flatMap((door) => peers[door] ?? []);
    run(`install peers of ${folder}`, project, 'npm', ['install', ...needed, ...quiet]);
    importDoors(project, node, others);
    readDeclarations(folder, project, others, false);
  }
  console.log(`checked ${[manifest.name, ...doors.slice(1)].join(', ')}`);
}

const all = packageFolders().map((folder) => pack(folder));
for (const packed of all) check(packed, all);
rmSync(work, { recursive: true, force: true });
console.log(
  failures.length === 0
    ? `packages: ${all.length} packed, installed and imported`
    : `packages: ${failures.length} failures: ${failures.join(', ')}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
