import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firstAnswerMs as functionAnswerMs } from '@hearth/emulators/functions-framework';
import { firstAnswerMs as firstAzureMs } from '@hearth/emulators/azure-process';
import { startLambda } from '@hearth/emulators/lambda';
import { adapters, type CloudAdapter } from './adapters.ts';
import { structuredText } from './app.ts';
import { bundle, withRequire } from './bundle.ts';
import { median, type Figure, type Figures } from './figure.ts';
import { isQuick } from './rounds.ts';

const processes = isQuick ? 1 : 15;

/** Starts the real runtime of a cloud with a bundled module, and ends when the first event is answered. */
interface Runtime {
  /** The source of a function that does nothing, in the form of this cloud. */
  readonly empty: string;
  /** Gives the milliseconds from the start of the process to the first answer, and ends the process. */
  firstAnswerMs(module: URL): Promise<number>;
}

const runtimes: Partial<Readonly<Record<CloudAdapter['cloud'], Runtime>>> = {
  aws: {
    empty: 'export const handler = async () => ({ batchItemFailures: [] });',
    async firstAnswerMs(module) {
      const lambda = await startLambda({ module });
      const start = performance.now();
      await lambda.invoke(sqsEvent);
      const ms = performance.now() - start;
      await lambda.stop();
      return ms;
    },
  },
  azure: {
    empty: `export const handler = {
      connection: 'HUB', eventHubName: 'readings', cardinality: 'many', dataType: 'binary', handler: async () => {},
    };`,
    firstAnswerMs: (module) => firstAzureMs({ module, body: structuredText(0, 1) }),
  },
  gcp: {
    empty: 'export const handler = async (event) => undefined;',
    firstAnswerMs: (module) =>
      functionAnswerMs({ module, target: 'handler', signature: 'cloudevent', ...pubsubEvent() }),
  },
};

function pubsubEvent() {
  const data = Buffer.from(structuredText(0, 1)).toString('base64');
  const message = { messageId: '1', data, publishTime: '2024-01-01T00:00:00Z' };
  return {
    headers: {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '//pubsub.googleapis.com/projects/acme/topics/readings',
      'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
    },
    body: JSON.stringify({ message, subscription: 'projects/acme/subscriptions/readings' }),
  };
}

const sqsEvent = {
  Records: [
    {
      messageId: '059f36b4-87a3-44ab-83d2-661975950000',
      body: structuredText(0, 1),
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1545082649183' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-2:123456789012:readings',
    },
  ],
};

/** Measures the cold start of each cloud's real runtime with the app of the README, in turns with an empty function. */
export async function measure(): Promise<Figures> {
  const figures: Record<string, Figure> = {};
  for (const { cloud, handler } of adapters) {
    const runtime = runtimes[cloud];
    if (runtime !== undefined) figures[`cold.${cloud}`] = await coldStart(runtime, handler);
  }
  return figures;
}

async function coldStart({ empty, firstAnswerMs }: Runtime, handler: string): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  try {
    const files = [join(folder, 'ours.mjs'), join(folder, 'empty.mjs')] as const;
    writeFileSync(files[0], await bundle(handler, [], withRequire));
    writeFileSync(files[1], empty);
    const times: readonly [number[], number[]] = [[], []];
    for (let round = 0; round < processes; round += 1) {
      for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        times[side].push(await firstAnswerMs(pathToFileURL(files[side])));
      }
    }
    const [ours, peer] = times.map(median) as [number, number];
    return {
      value: ours,
      best: Math.min(...times[0]),
      unit: 'ms',
      ratio: ours / peer,
      against: 'the same runtime with an empty function',
      note: `${ours.toFixed(0)} ms and ${peer.toFixed(0)} ms; medians of ${processes} processes each, in turns`,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
