import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** A Cosmos DB in this process. */
export interface CosmosServer {
  readonly url: string;
  stop(): Promise<void>;
}

const load = createRequire(import.meta.url);

/**
 * Starts `@vercel/cosmosdb-server`: the SQL API of Cosmos DB in memory, in this process, over HTTP. It takes every key.
 *
 * Real: ETags of single items, conflicts, queries of one page. Not real: transactional batches (the first operation stays), the change
 * feed, limits of size and of throughput, consistency levels, query plans, indexing.
 */
export async function startCosmos(): Promise<CosmosServer> {
  const { createHttpServer } = load('@vercel/cosmosdb-server') as {
    createHttpServer(): Server;
  };
  const server = createHttpServer();
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
