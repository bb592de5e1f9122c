import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath } from '@hearth/testing/needs';
import type { RunningPostgres } from './postgres.ts';

/** What `needs` says is missing. */
export const pgbouncerNeeds = 'PgBouncer and PostgreSQL';

/** A pooler in front of a database server. */
export interface RunningPgbouncer {
  /** A connection string for the same user and database, by way of the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode on a free port of 127.0.0.1, or gives `undefined` where this machine has none. It lends its two
 * connections for one transaction each, so that whoever keeps something in a session loses it, or finds what another has left there.
 */
export async function startPgbouncer(
  server: RunningPostgres,
): Promise<RunningPgbouncer | undefined> {
  const command = commandPath('pgbouncer');
  if (command === undefined || server.kind !== 'postgres') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'hearth-pgbouncer-'));
  const port = await freePort();
  const { username, pathname } = new URL(server.url);
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(
    config,
    `[databases]
* = host=127.0.0.1 port=${server.port} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = ${join(folder, 'log')}
`,
  );
  const user = ordinaryUser();
  if (user !== undefined) for (const path of [folder, config]) chownSync(path, user.uid, user.gid);
  // Its log goes to standard error as well; it ends when nobody is there to read this.
  const child = spawn('/bin/sh', ['-c', untilAlone, 'sh', command, config], {
    ...user,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  await ready(child.stderr);
  return { url: `postgresql://${username}@127.0.0.1:${port}${pathname}`, stop };
}

const untilAlone = '"$@" & child=$!; cat >/dev/null; kill -9 $child';

async function ready(output: NodeJS.ReadableStream): Promise<void> {
  let text = '';
  output.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    output.on('data', (chunk: string) => {
      text = (text + chunk).slice(-4_000);
      if (text.includes('process up')) resolve();
    });
    output.on('end', () => reject(new Error(`PgBouncer did not start:\n${text}`)));
  });
}

/** PgBouncer refuses to be run by root. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (which: string) => Number(execFileSync('id', [which, 'postgres']).toString());
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
