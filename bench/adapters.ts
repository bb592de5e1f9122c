/** What of an adapter for a cloud is measured in the same way for all of them. */
export interface CloudAdapter {
  /** The end of the names: `import.aws`, `cold.aws`. */
  readonly cloud: 'aws' | 'azure' | 'gcp';
  /** The triggers whose size is measured, by what the size is called: `sqs` is `size.sqs`. */
  readonly sizes: Readonly<Record<string, string>>;
  /** The source of a user's bundled function: the app of the README behind one trigger, with a store in memory. */
  readonly handler: string;
}

const app = `
  import { app } from './first-screen.ts';
  import { memoryPublisher, memoryStore } from '@hearth/core/ports';
  const options = { store: memoryStore(), publisher: memoryPublisher() };
`;

/** Every adapter; a new one is a new entry here, one in `cold-adapters.ts`, and its names in `main.int.test.ts`. */
export const adapters: readonly CloudAdapter[] = [
  {
    cloud: 'aws',
    sizes: {
      sqs: 'sqs',
      kinesis: 'kinesis',
      kafka: 'kafka',
      dynamoStream: 'dynamoStream',
      sns: 'sns',
      s3: 's3',
      eventBridge: 'eventBridge',
      iotRule: 'iotRule',
      'http.aws': 'http',
      'schedule.aws': 'schedule',
    },
    handler: `${app}
      import { sqs } from '@hearth/adapter-aws';
      const principal = { kind: 'service', id: 'gateway' };
      export const handler = sqs(app, { ...options, principal });
    `,
  },
  {
    cloud: 'azure',
    sizes: {
      iotHub: 'iotHub',
      eventHub: 'eventHub',
      serviceBus: 'serviceBus',
      eventGrid: 'eventGrid',
      blob: 'blob',
      'http.azure': 'http',
      timer: 'timer',
      wakes: 'wakes',
    },
    handler: `${app}
      import { eventHub } from '@hearth/adapter-azure';
      const principal = { kind: 'service', id: 'gateway' };
      const place = { connection: 'HUB', eventHubName: 'readings' };
      export const handler = eventHub(app, { ...options, ...place, principal });
    `,
  },
  {
    cloud: 'gcp',
    sizes: {
      pubsub: 'pubsub',
      pubsubEvent: 'pubsubEvent',
      cloudEvent: 'cloudEvent',
      storage: 'storage',
      'http.gcp': 'http',
      'schedule.gcp': 'schedule',
    },
    handler: `${app}
      import { pubsubEvent } from '@hearth/adapter-gcp';
      const principal = { kind: 'service', id: 'bridge' };
      export const handler = pubsubEvent(app, { ...options, principal });
    `,
  },
];
