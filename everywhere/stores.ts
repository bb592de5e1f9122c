import { randomUUID } from 'node:crypto';
import { CosmosClient } from '@azure/cosmos';
import { TableClient } from '@azure/data-tables';
import { Firestore } from '@google-cloud/firestore';
import { cosmosContainer, cosmosStore } from '@hearth/adapter-azure/cosmos';
import { tableStore } from '@hearth/adapter-azure/tables';
import { firestoreStore } from '@hearth/adapter-gcp/firestore';
import type { StateStore } from '@hearth/core';
import { startAzurite } from '@hearth/emulators/azurite';
import { startCosmos } from '@hearth/emulators/cosmos';
import { startDynalite } from '@hearth/emulators/dynalite';
import { firestoreNeeds, startFirestore } from '@hearth/emulators/firestore';
import { motoNeeds, startMoto } from '@hearth/emulators/moto';
import { postgresNeeds, startPostgres } from '@hearth/emulators/postgres';
import { postgresStore } from '@hearth/store-postgres';
import { sqliteStore } from '@hearth/store-sqlite';
import { tables } from '../packages/adapter-aws/test/tables.ts';

/** A database that runs. */
export interface Database {
  /** An empty store in it. */
  open(): Promise<StateStore>;
  stop(): Promise<void>;
}

/** How a database is started; it gives `undefined` where this machine lacks what `needs` names. */
export interface Databases {
  readonly needs?: string;
  start(): Promise<Database | undefined>;
}

async function dynamo(
  server: { readonly url: string; stop(): Promise<unknown> } | undefined,
): Promise<Database | undefined> {
  if (server === undefined) return undefined;
  const made = tables(server.url);
  return {
    open: () => made.open(),
    async stop() {
      made.stop();
      await server.stop();
    },
  };
}

/** Every store that an adapter's triggers are tried on, by its name. */
export const databases = {
  'DynamoDB on dynalite': { start: async () => dynamo(await startDynalite()) },
  'DynamoDB on moto': { needs: motoNeeds, start: async () => dynamo(await startMoto()) },
  'Tables on Azurite': {
    async start() {
      const azurite = await startAzurite();
      let count = 0;
      return {
        async open() {
          const table = `day${(count += 1)}`;
          const connection = azurite.connectionString();
          const options = { allowInsecureConnection: true };
          await TableClient.fromConnectionString(connection, table, options).createTable();
          return tableStore({ table, connectionString: () => connection });
        },
        stop: () => azurite.stop(),
      };
    },
  },
  'Cosmos DB on its npm server': {
    async start() {
      const cosmos = await startCosmos();
      // The server names itself with https, whatever it is reached by.
      const connectionPolicy = { enableEndpointDiscovery: false };
      const client = new CosmosClient({ endpoint: cosmos.url, key: 'a2V5', connectionPolicy });
      const { database } = await client.databases.create({ id: 'home' });
      return {
        async open() {
          const container = `day-${randomUUID()}`;
          await database.containers.create(cosmosContainer(container));
          return cosmosStore({ database: 'home', container, client, staleReads: 'accept' });
        },
        async stop() {
          client.dispose();
          await cosmos.stop();
        },
      };
    },
  },
  'Firestore on its emulator': {
    needs: firestoreNeeds,
    async start() {
      const emulator = await startFirestore();
      if (emulator === undefined) return undefined;
      // Otherwise the SDK looks for a metadata server.
      process.env['METADATA_SERVER_DETECTION'] = 'none';
      const { host } = emulator;
      const client = new Firestore({ projectId: 'demo-hearth', host, ssl: false });
      return {
        open: async () => firestoreStore({ client, collection: `day-${randomUUID()}` }),
        async stop() {
          await client.terminate();
          await emulator.stop();
        },
      };
    },
  },
  PostgreSQL: {
    needs: postgresNeeds,
    async start() {
      const server = await startPostgres();
      if (server === undefined) return undefined;
      const opened: { close(): Promise<void> }[] = [];
      return {
        async open() {
          const connectionString = () => server.url;
          const store = postgresStore({ connectionString, schema: `day_${opened.length}` });
          opened.push(store);
          return store;
        },
        async stop() {
          await Promise.all(opened.map((store) => store.close()));
          await server.stop();
        },
      };
    },
  },
  SQLite: {
    async start() {
      const opened: { close(): Promise<void> }[] = [];
      return {
        async open() {
          const store = sqliteStore({ file: ':memory:' });
          opened.push(store);
          return store;
        },
        async stop() {
          await Promise.all(opened.map((store) => store.close()));
        },
      };
    },
  },
} as const satisfies Readonly<Record<string, Databases>>;
