import { awsWays } from './aws.ts';
import { azureWays } from './azure.ts';
import { gatewayWays } from './gateway.ts';
import { gcpWays } from './gcp.ts';
import { knativeWays } from './knative.ts';
import type { databases } from './stores.ts';
import type { Way } from './way.ts';

/** Where an app can run: the ways in, and the stores that are there. */
export interface Place {
  readonly name: string;
  readonly adapter: string;
  readonly ways: readonly Way[];
  readonly stores: readonly (keyof typeof databases)[];
  /** Triggers through which the day does not go, and why. */
  readonly without?: Readonly<Record<string, string>>;
}

const ofObjects =
  'it makes events of objects: their ids and sources are those of the objects, so that other ids follow';

/** All of them. */
export const places: readonly Place[] = [
  {
    name: 'AWS Lambda',
    adapter: 'adapter-aws',
    ways: awsWays,
    stores: ['DynamoDB on dynalite'],
  },
  {
    name: 'AWS Lambda, once more',
    adapter: 'adapter-aws',
    // It is many times slower, and the cases of stores say that the two are alike.
    ways: awsWays.filter(({ name }) => name === 'sqs, FIFO queue'),
    stores: ['DynamoDB on moto'],
  },
  {
    name: 'Azure Functions',
    adapter: 'adapter-azure',
    ways: azureWays,
    stores: ['Tables on Azurite', 'Cosmos DB on its npm server'],
  },
  {
    name: 'Google Cloud',
    adapter: 'adapter-gcp',
    ways: gcpWays,
    stores: ['Firestore on its emulator'],
    without: { storage: ofObjects },
  },
  { name: 'Knative', adapter: 'adapter-knative', ways: knativeWays, stores: ['PostgreSQL'] },
  { name: 'a gateway', adapter: 'adapter-mqtt', ways: gatewayWays, stores: ['SQLite'] },
];
