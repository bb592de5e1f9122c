import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

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
