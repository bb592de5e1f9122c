import { CosmosClient, type Container } from '@azure/cosmos';
import { cosmosContainer, cosmosStore } from '@hearth/adapter-azure/cosmos';
import { startCosmos } from '@hearth/emulators/cosmos';
import type { Figures } from './figure.ts';
import { savingFigures, type BareClient } from './saving.ts';

/** Measures saves into a Cosmos DB server in this process. */
export async function measure(): Promise<Figures> {
  const server = await startCosmos();
  const connectionPolicy = { enableEndpointDiscovery: false };
  const client = new CosmosClient({ endpoint: server.url, key: 'a2V5', connectionPolicy });
  try {
    await client.databases.create({ id: 'home' });
    const { containers } = client.database('home');
    for (const id of ['bare', 'records']) await containers.create(cosmosContainer(id));
    const peer = bare(client.database('home').container('bare'));
    const where = { database: 'home', container: 'records' };
    const store = cosmosStore({ ...where, client, staleReads: 'accept' });
    const note = 'against @vercel/cosmosdb-server, which runs in the same process on both sides';
    return await savingFigures('cosmos', store, peer, '@azure/cosmos, one replace', { note });
  } finally {
    client.dispose();
    await server.stop();
  }
}

function bare(container: Container): BareClient {
  const idOf = (key: string) => key.replace('/', ':');
  return {
    async create(key, body) {
      const { etag } = await container.items.create({ id: idOf(key), body });
      return etag;
    },
    async update(key, body, version) {
      const id = idOf(key);
      const accessCondition = { type: 'IfMatch', condition: version };
      const { etag } = await container.item(id, id).replace({ id, body }, { accessCondition });
      return etag;
    },
  };
}
