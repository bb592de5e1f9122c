import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const promised = [
  'codec.structured.decode',
  'codec.binary.decode',
  'codec.structured.encode',
  'codec.structured.vsJsonParse',
  'run.silent',
  'run.emit',
  'twin.report',
  'twin.report.nested1000',
  'twin.report.flat1000',
  'handle.memory',
  'handle.sqlite',
  'store.sqlite',
  'store.sqlite.concurrent',
  'store.postgres',
  'store.postgres.concurrent',
  'store.dynamodb',
  'store.dynamodb.concurrent',
  'store.firestore',
  'store.firestore.concurrent',
  'store.tables',
  'store.tables.concurrent',
  'store.cosmos',
  'store.cosmos.concurrent',
  'registry.query.sqlite',
  'register.bulk.sqlite',
  'registry.query.postgres',
  'register.bulk.postgres',
  'batch.sqs10',
  'batch.sqs10.vsBare',
  'mqtt.qos1',
  'http.knative',
  'http.knative.vsFunctionsFramework',
  'http.knative.vsFaasJs',
  'size.core.gzip',
  'size.codec.gzip',
  'size.sqs',
  'size.kinesis',
  'size.kafka',
  'size.dynamoStream',
  'size.sns',
  'size.s3',
  'size.eventBridge',
  'size.iotRule',
  'size.http.aws',
  'size.schedule.aws',
  'size.iotHub',
  'size.eventHub',
  'size.serviceBus',
  'size.eventGrid',
  'size.blob',
  'size.http.azure',
  'size.timer',
  'size.wakes',
  'size.pubsub',
  'size.pubsubEvent',
  'size.cloudEvent',
  'size.storage',
  'size.http.gcp',
  'size.schedule.gcp',
  'import.core',
  'import.aws',
  'import.azure',
  'import.gcp',
  'cold.aws',
  'cold.azure',
  'cold.gcp',
  'record.idle',
  'cost.seed.aws',
  'cost.seed.azure',
  'cost.seed.gcp',
];

const main = fileURLToPath(new URL('main.ts', import.meta.url));

async function bench(...options: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...options]);
  return stdout.trimEnd();
}

it('lists every promised name', async () => {
  expect((await bench('--list')).split('\n')).toEqual(promised);
});

// What starts servers and brokers is left to the benchmark itself.
it.each(['codec', 'run', 'handle', 'store.sqlite', 'size', 'import', 'record', 'cost'])(
  'measures %s and ends with one line of JSON',
  async (only) => {
    const output = await bench('--sources', '--quick', '--json', '--only', only);
    const figures = JSON.parse(output.split('\n').at(-1) ?? '') as object;
    expect(Object.keys(figures)).toEqual(promised.filter((name) => name.startsWith(only)));
    for (const figure of Object.values(figures)) {
      expect(figure).toEqual({
        value: expect.any(Number) as number,
        unit: expect.any(String) as string,
        ratio: expect.any(Number) as number,
        against: expect.any(String) as string,
      });
    }
  },
);

it('refuses a name that nothing begins with', async () => {
  await expect(bench('--only', 'tea')).rejects.toThrow('No benchmark begins with "tea"');
});
