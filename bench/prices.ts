/** What one cloud charges for what a fleet does there, in US dollars. Free grants, storage, traffic and the time of functions are left out. */
export interface Prices {
  readonly cloud: 'aws' | 'azure' | 'gcp';
  /** What is priced. */
  readonly services: string;
  readonly region: string;
  /** When these list prices were taken down; look again before you rely on them. */
  readonly asOf: string;
  readonly sources: readonly string[];
  /** A call of the function. */
  readonly invocation: number;
  /** One event on its way through the queue: written once, and its share of reading and deleting a batch of ten. */
  readonly message: number;
  /** Publishing an event. */
  readonly publication: number;
  /** Reading so many bytes of one record, or fewer. */
  readonly read: { readonly dollars: number; readonly bytes: number };
  /** Writing so many bytes of one record, or fewer. */
  readonly write: { readonly dollars: number; readonly bytes: number };
  /** How many writes more an index entry costs with our store. */
  readonly entries: { readonly due: number; readonly tag: number };
  /** What is paid for a month whatever happens. */
  readonly month: number;
}

/** The price tables, one for each cloud. */
export const prices: readonly Prices[] = [
  {
    cloud: 'aws',
    services: 'Lambda, SQS standard, DynamoDB on demand, EventBridge',
    region: 'us-east-1',
    asOf: '2025-05',
    sources: [
      'https://aws.amazon.com/lambda/pricing/',
      'https://aws.amazon.com/sqs/pricing/',
      'https://aws.amazon.com/dynamodb/pricing/on-demand/',
      'https://aws.amazon.com/eventbridge/pricing/',
    ],
    invocation: 0.2e-6,
    message: 1.2 * 0.4e-6,
    publication: 1e-6,
    read: { dollars: 0.125e-6, bytes: 4_096 },
    write: { dollars: 0.625e-6, bytes: 1_024 },
    // A tag is an item of its own besides its entry.
    entries: { due: 1, tag: 2 },
    month: 0,
  },
  {
    cloud: 'azure',
    services: 'Functions (consumption), Event Hubs standard with one unit, Table storage (LRS)',
    region: 'East US',
    asOf: '2025-05',
    sources: [
      'https://azure.microsoft.com/pricing/details/functions/',
      'https://azure.microsoft.com/pricing/details/event-hubs/',
      'https://azure.microsoft.com/pricing/details/storage/tables/',
    ],
    invocation: 0.2e-6,
    message: 0.028e-6,
    publication: 0.028e-6,
    read: { dollars: 0.036e-6, bytes: 1_048_576 },
    write: { dollars: 0.036e-6, bytes: 1_048_576 },
    // A due entry is part of the record's own transaction.
    entries: { due: 0, tag: 1 },
    month: 730 * 0.03,
  },
  {
    cloud: 'gcp',
    services: 'Cloud Run functions, Pub/Sub, Firestore',
    region: 'us-west1',
    asOf: '2025-05',
    sources: [
      'https://cloud.google.com/run/pricing',
      'https://cloud.google.com/pubsub/pricing',
      'https://firebase.google.com/docs/firestore/pricing',
    ],
    invocation: 0.4e-6,
    // 1,000 bytes at least, in and out, at $40 a TiB.
    message: (2 * 1_000 * 40) / 2 ** 40,
    publication: (1_000 * 40) / 2 ** 40,
    read: { dollars: 0.3e-6, bytes: 1_048_576 },
    write: { dollars: 0.9e-6, bytes: 1_048_576 },
    // Both are fields of the document.
    entries: { due: 0, tag: 0 },
    month: 0,
  },
];
