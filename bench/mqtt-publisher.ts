import { connectAsync } from 'mqtt';
import { structuredText } from './app.ts';
import { records } from './handling.ts';

/** What to publish: `count` events, the first one with the number `from`, each on the topic of its device. */
export interface Burst {
  readonly prefix: string;
  readonly from: number;
  readonly count: number;
}

// Runs in a process of its own, so that what it costs to publish is not taken for the cost of a subscriber.
const [url = '', version] = process.argv.slice(2);
const protocolVersion = version === '5' ? 5 : 4;
const client = await connectAsync(url, { protocolVersion });
process.on('disconnect', () => process.exit());
process.on('message', (burst) => {
  void publish(burst as Burst);
});
process.send?.('ready');

const window = 500;

async function publish({ prefix, from, count }: Burst): Promise<void> {
  const properties = { contentType: 'application/cloudevents+json' };
  const options = { qos: 1, ...(protocolVersion === 5 ? { properties } : {}) } as const;
  let next = from;
  const one = async (): Promise<void> => {
    while (next < from + count) {
      const n = next;
      next += 1;
      const topic = `${prefix}/t${n % records}/events`;
      await client.publishAsync(topic, structuredText(n, records), options);
    }
  };
  await Promise.all(Array.from({ length: window }, one));
}
