import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import dynalite from 'dynalite';
import { startChildServer, type ChildServer } from './child-server.ts';

/** DynamoDB in this process. */
export interface Dynalite {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts dynalite: DynamoDB in memory, in this process.
 *
 * Real: conditional writes, batches, indexes, paging, the checks of requests. Not real: transactions, streams and expiry (unknown to it),
 * limits of throughput; its indexes never lag.
 */
export async function startDynalite(): Promise<Dynalite> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts dynalite in a process of its own, so that its work is not done by the thread that is measured. */
export function startDynaliteProcess(): Promise<ChildServer> {
  const cli = fileURLToPath(new URL('node_modules/dynalite/cli.js', import.meta.url));
  const times = ['--createTableMs', '0', '--deleteTableMs', '0'];
  return startChildServer(
    (port) => [process.execPath, cli, '--host', '127.0.0.1', '--port', `${port}`, ...times],
    '/',
  );
}
