import { TableClient } from '@azure/data-tables';
import { tableStore } from '@hearth/adapter-azure/tables';
import { startAzurite } from '@hearth/emulators/azurite';
import type { Figures } from './figure.ts';
import { savingFigures, type BareClient } from './saving.ts';

/** Measures saves into Azurite. */
export async function measure(): Promise<Figures> {
  const azurite = await startAzurite();
  const connectionString = azurite.connectionString();
  const clientOf = async (table: string) => {
    const options = { allowInsecureConnection: true };
    const client = TableClient.fromConnectionString(connectionString, table, options);
    await client.createTable();
    return client;
  };
  try {
    const peer = bare(await clientOf('bare'));
    const { tableName: table } = await clientOf('records');
    const store = tableStore({ table, connectionString: () => connectionString });
    const note = 'against Azurite, which is what takes most of the time on both sides';
    return await savingFigures('tables', store, peer, '@azure/data-tables, one update', { note });
  } finally {
    await azurite.stop();
  }
}

function bare(client: TableClient): BareClient {
  const entityOf = (key: string, body: string) => {
    return { partitionKey: 'records', rowKey: key.replace('/', ':'), body };
  };
  return {
    async create(key, body) {
      const { etag = '' } = await client.createEntity(entityOf(key, body));
      return etag;
    },
    async update(key, body, version) {
      const options = { etag: version };
      const { etag = '' } = await client.updateEntity(entityOf(key, body), 'Replace', options);
      return etag;
    },
  };
}
