import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a topic has taken. */
export interface EventGridRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The body as it came. */
  readonly body: string;
}

/** A topic of Event Grid. */
export interface EventGridTopic {
  readonly endpoint: string;
  /** The requests that were taken, first things first. */
  readonly taken: EventGridRequest[];
  /** How many requests there were, refused ones included. */
  asked(): number;
  /** Answers with this status where the function gives one. */
  plan(plan?: (body: string) => number | undefined): void;
  stop(): Promise<void>;
}

const key = 'dG9waWM=';

/** The access key of every topic. */
export const eventGridKey = key;

/**
 * Serves what is documented of a topic's publish operation: the path, the key or token, the content type, an array of CloudEvents with
 * their required attributes, 1 MB. Nothing is delivered to anybody.
 */
export async function startEventGrid(path = '/api/events'): Promise<EventGridTopic> {
  const taken: EventGridRequest[] = [];
  let asked = 0;
  let plan: (body: string) => number | undefined = () => undefined;
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await text(incoming);
    asked += 1;
    const status = plan(body) ?? statusOf(incoming, body, path);
    if (status === 200) taken.push({ path: incoming.url ?? '', headers: incoming.headers, body });
    response.writeHead(status).end();
  };
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}${path}`,
    taken,
    asked: () => asked,
    plan(next = () => undefined) {
      plan = next;
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function statusOf({ method, url = '', headers }: IncomingMessage, body: string, path: string) {
  if (method !== 'POST' || !url.startsWith(`${path}?api-version=20`)) return 404;
  const { authorization } = headers;
  const isKnown =
    headers['aeg-sas-key'] === key ||
    authorization === `SharedAccessKey ${key}` ||
    authorization === 'Bearer token';
  if (!isKnown) return 401;
  if (Buffer.byteLength(body) > 1_000_000) return 413;
  if (!headers['content-type']?.startsWith('application/cloudevents-batch+json')) return 400;
  return areEvents(body) ? 200 : 400;
}

function areEvents(body: string): boolean {
  try {
    const events = JSON.parse(body) as unknown;
    return Array.isArray(events) && events.every(isEvent);
  } catch {
    return false;
  }
}

function isEvent(event: unknown): boolean {
  const attributes = Object(event) as Readonly<Record<string, unknown>>;
  const required = ['id', 'source', 'type', 'specversion'];
  return required.every((name) => typeof attributes[name] === 'string' && attributes[name] !== '');
}
