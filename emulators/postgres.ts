import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { commandPath } from '@hearth/testing/needs';
import { startPglite } from './pglite.ts';

/** What `needs` says is missing. */
export const postgresNeeds = 'PostgreSQL (initdb and postgres), or @electric-sql/pglite';

/** A database server of a test's own. */
export interface RunningPostgres {
  /** `pglite` is PostgreSQL in WebAssembly: real SQL, and one session that all clients share, transaction by transaction. */
  readonly kind: 'postgres' | 'pglite';
  readonly port: number;
  /** A connection string for a superuser, in a database with UTF-8. */
  readonly url: string;
  /** Where its files are; absent where it has none. */
  readonly folder?: string;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface PostgresOptions {
  /** Whether a commit waits for the disk (default `false`): for benchmarks. */
  readonly isDurable?: boolean;
  /** More settings, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts PostgreSQL on a free port of 127.0.0.1: the one of this machine, else pglite where that is installed, else gives `undefined`.
 * It ends with this process at the latest. `HEARTH_PGLITE=1` takes pglite in any case.
 */
export async function startPostgres(
  options: PostgresOptions = {},
): Promise<RunningPostgres | undefined> {
  const programs = process.env['HEARTH_PGLITE'] === '1' ? undefined : programFolder();
  return programs === undefined ? startPglite() : startServer(programs, options);
}

/** Debian keeps the programs of each version in a folder of its own. */
function programFolder(): string | undefined {
  const found = commandPath('initdb');
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(found === undefined ? [] : [dirname(realpathSync(found))]),
    ...(existsSync(debian) ? readdirSync(debian).map((each) => join(debian, each, 'bin')) : []),
  ];
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
  );
}

// Waits until the standard input ends, which it does when the parent is gone, however that came to be.
const untilAlone =
  'folder=$1; shift; "$@" 2>&1 & child=$!; cat >/dev/null; kill -QUIT $child; wait $child; rm -rf "$folder"';

async function startServer(
  programs: string,
  { isDurable = false, settings = {} }: PostgresOptions,
): Promise<RunningPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-postgres-'));
  const user = ordinaryUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const made = ['-D', data, '-A', 'trust', '-U', 'hearth', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(join(programs, 'initdb'), made, { ...user, cwd: folder });
  const port = await freePort();
  const all = { ...(isDurable ? {} : { fsync: 'off' }), shared_buffers: '64MB', ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [join(programs, 'postgres'), '-D', data, '-k', folder, ...flags];
  command.push('-h', '127.0.0.1', '-p', `${port}`);
  const child = spawn('/bin/sh', ['-c', untilAlone, 'sh', folder, ...command], {
    ...user,
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  await ready(child.stdout, stop);
  const url = `postgresql://hearth@127.0.0.1:${port}/postgres`;
  return { kind: 'postgres', port, url, folder, stop };
}

/** PostgreSQL refuses to be run by root. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (which: string, name: string) =>
    Number(execFileSync('id', [which, name], { encoding: 'utf8' }));
  return { uid: id('-u', 'postgres'), gid: id('-g', 'postgres') };
}

async function ready(output: NodeJS.ReadableStream, stop: () => Promise<void>): Promise<void> {
  let text = '';
  const isReady = await new Promise<boolean>((resolve) => {
    output.setEncoding('utf8');
    output.on('end', () => resolve(false));
    output.on('data', (chunk: string) => {
      text = (text + chunk).slice(-4_000);
      if (text.includes('ready to accept connections')) resolve(true);
    });
  });
  if (isReady) return;
  await stop();
  throw new Error(`PostgreSQL did not start:\n${text}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
