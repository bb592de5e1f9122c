import { connectAsync } from 'mqtt';

/** Everything that the app has published, as somebody receives it who keeps a session. */
export interface Collector {
  /** The bytes that came under each id: one text each, if all is well. */
  readonly events: ReadonlyMap<string, ReadonlySet<string>>;
  /** Messages, repetitions included. */
  readonly messages: number;
  /** Resolves to `true` once that many different events have come; to `false` if `patienceMs` pass without a new one. */
  reaches(count: number, patienceMs?: number): Promise<boolean>;
  end(): Promise<void>;
}

/** Subscribes to a filter and collects the events that come, across restarts of the broker. */
export async function collector(url: string, filter: string): Promise<Collector> {
  const options = { clientId: 'collector', clean: false, reconnectPeriod: 20 };
  const client = await connectAsync(url, options, false);
  const events = new Map<string, Set<string>>();
  let messages = 0;
  let heard = () => undefined as unknown;
  client.on('error', () => undefined);
  client.on('message', (_topic, payload) => {
    const text = payload.toString();
    const { id } = JSON.parse(text) as { readonly id: string };
    messages += 1;
    const known = events.get(id);
    if (known !== undefined) known.add(text);
    else {
      events.set(id, new Set([text]));
      heard();
    }
  });
  await client.subscribeAsync(filter, { qos: 1 });
  return {
    events,
    get messages() {
      return messages;
    },
    reaches: (count, patienceMs = 10_000) =>
      new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined;
        const settle = (reached: boolean) => {
          clearTimeout(timer);
          heard = () => undefined;
          resolve(reached);
        };
        heard = () => {
          clearTimeout(timer);
          if (events.size >= count) settle(true);
          else timer = setTimeout(() => settle(false), patienceMs);
        };
        heard();
      }),
    end: () => client.endAsync(),
  };
}
