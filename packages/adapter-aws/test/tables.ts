import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { StateStore } from '@hearth/core/ports';
import type { StoreHarness } from '@hearth/testing/conformance';
import { dynamoStore, dynamoTable, type DynamoStoreOptions } from '../src/dynamodb/index.ts';
import { aws } from './aws.ts';

/** An emulator of DynamoDB with a new table for whoever asks. */
export interface Tables extends Required<StoreHarness> {
  /** The name of a new, empty table. */
  table(): Promise<string>;
  /** A store on a table, with a client of its own. */
  store(options: DynamoStoreOptions, url?: string): StateStore;
  /** Everything in a table, as JSON. */
  scan(table: string): Promise<string>;
  stop(): void;
}

/** Makes tables on the emulator at `url`. */
export function tables(url: string): Tables {
  const clients: DynamoDBClient[] = [];
  const clientOf = (endpoint: string) => {
    const client = new DynamoDBClient(aws(endpoint));
    clients.push(client);
    return client;
  };
  const own = clientOf(url);
  const names = new Map<StateStore, string>();
  const nameOf = (store: StateStore) => names.get(store) ?? '';
  let count = 0;
  const made: Tables = {
    async table() {
      count += 1;
      const name = `home-${process.pid}-${count}`;
      await own.send(new CreateTableCommand(dynamoTable(name)));
      // A table that is made is not there yet.
      while (!(await isActive(own, name)));
      return name;
    },
    store(options, endpoint = url) {
      const store = dynamoStore({ client: clientOf(endpoint), ...options });
      names.set(store, options.table);
      return store;
    },
    open: async () => made.store({ table: await made.table(), client: own }),
    reopen: async (store) => made.store({ table: nameOf(store) }),
    contains: async (store, text) => (await made.scan(nameOf(store))).includes(text),
    settle: async () => undefined,
    async scan(table) {
      const { Items } = await own.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
      return JSON.stringify(Items);
    },
    stop: () => clients.forEach((client) => client.destroy()),
  };
  return made;
}

async function isActive(client: DynamoDBClient, TableName: string): Promise<boolean> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const parts = [Table, ...(Table?.GlobalSecondaryIndexes ?? [])];
  return parts.every((part) => Object.values(part ?? {}).includes('ACTIVE'));
}
