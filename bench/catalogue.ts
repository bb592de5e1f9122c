import { adapters } from './adapters.ts';

/** A file that measures, and the names of what it gives. */
export interface Bench {
  readonly file: string;
  readonly names: readonly string[];
}

const sizes = adapters.flatMap((adapter) => Object.keys(adapter.sizes));

/** Everything that is measured, in the order in which it is printed. A file is run in a process of its own. */
export const benches: readonly Bench[] = [
  {
    file: 'codec',
    names: [
      'codec.structured.decode',
      'codec.binary.decode',
      'codec.structured.encode',
      'codec.structured.vsJsonParse',
    ],
  },
  { file: 'run', names: ['run.silent', 'run.emit'] },
  {
    file: 'twin-report',
    names: ['twin.report', 'twin.report.nested1000', 'twin.report.flat1000'],
  },
  { file: 'handle-memory', names: ['handle.memory'] },
  { file: 'handle-sqlite', names: ['handle.sqlite'] },
  { file: 'store-sqlite', names: ['store.sqlite', 'store.sqlite.concurrent'] },
  { file: 'store-postgres', names: ['store.postgres', 'store.postgres.concurrent'] },
  { file: 'store-dynamodb', names: ['store.dynamodb', 'store.dynamodb.concurrent'] },
  { file: 'store-firestore', names: ['store.firestore', 'store.firestore.concurrent'] },
  { file: 'store-tables', names: ['store.tables', 'store.tables.concurrent'] },
  { file: 'store-cosmos', names: ['store.cosmos', 'store.cosmos.concurrent'] },
  { file: 'fleet-sqlite', names: ['registry.query.sqlite', 'register.bulk.sqlite'] },
  { file: 'fleet-postgres', names: ['registry.query.postgres', 'register.bulk.postgres'] },
  { file: 'batch-sqs', names: ['batch.sqs10', 'batch.sqs10.vsBare'] },
  { file: 'mqtt-qos1', names: ['mqtt.qos1'] },
  {
    file: 'http-knative',
    names: ['http.knative', 'http.knative.vsFunctionsFramework', 'http.knative.vsFaasJs'],
  },
  { file: 'size', names: ['size.core.gzip', 'size.codec.gzip'] },
  { file: 'size-adapters', names: sizes.map((name) => `size.${name}`) },
  { file: 'import-core', names: ['import.core'] },
  { file: 'import-adapters', names: adapters.map(({ cloud }) => `import.${cloud}`) },
  { file: 'cold-adapters', names: adapters.map(({ cloud }) => `cold.${cloud}`) },
  { file: 'record-idle', names: ['record.idle'] },
  { file: 'cost-seed', names: ['cost.seed.aws', 'cost.seed.azure', 'cost.seed.gcp'] },
];

/** What a figure must reach: its value or its ratio, at least or at most. */
export interface Bar {
  readonly of: 'value' | 'ratio';
  readonly is: 'at least' | 'at most';
  readonly limit: number;
}

const value = (is: Bar['is'], limit: number): Bar => ({ of: 'value', is, limit });
const ratio = (is: Bar['is'], limit: number): Bar => ({ of: 'ratio', is, limit });

/** The bars, by name; what has none is printed for information. */
export const bars: Readonly<Record<string, Bar>> = {
  'codec.structured.decode': ratio('at least', 4),
  'codec.structured.vsJsonParse': ratio('at most', 6),
  'run.silent': value('at least', 500_000),
  'run.emit': value('at least', 250_000),
  'twin.report': value('at least', 300_000),
  // The cost of a patch is to be that of the patch, not of the twin.
  'twin.report.nested1000': ratio('at least', 0.8),
  'twin.report.flat1000': ratio('at least', 0.8),
  'handle.memory': value('at least', 100_000),
  'store.sqlite': ratio('at least', 0.7),
  'store.sqlite.concurrent': ratio('at least', 0.7),
  'store.postgres': ratio('at least', 0.7),
  'store.postgres.concurrent': ratio('at least', 0.7),
  'store.dynamodb': ratio('at least', 0.7),
  'store.dynamodb.concurrent': ratio('at least', 0.7),
  'store.firestore': ratio('at least', 0.7),
  'store.firestore.concurrent': ratio('at least', 0.7),
  'store.tables': ratio('at least', 0.7),
  'store.tables.concurrent': ratio('at least', 0.7),
  'store.cosmos': ratio('at least', 0.7),
  'store.cosmos.concurrent': ratio('at least', 0.7),
  'registry.query.sqlite': ratio('at least', 1 / 5),
  'registry.query.postgres': ratio('at least', 1 / 5),
  'batch.sqs10': ratio('at least', 1),
  'batch.sqs10.vsBare': ratio('at most', 8),
  'mqtt.qos1': ratio('at least', 1 / 3),
  'http.knative': ratio('at least', 1 / 2),
  'http.knative.vsFunctionsFramework': ratio('at least', 2.5),
  'size.core.gzip': value('at most', 12_000),
  'size.codec.gzip': value('at most', 3_000),
  ...Object.fromEntries(sizes.map((name) => [`size.${name}`, value('at most', 3_000)])),
  'import.core': value('at most', 5),
  ...Object.fromEntries(adapters.map(({ cloud }) => [`import.${cloud}`, value('at most', 5)])),
  'record.idle': value('at most', 1_024),
};
