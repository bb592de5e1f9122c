import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** One request as it came. */
export interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly body: string;
}

/** What a receiver answers: a status and headers, or nothing ever. */
export type Reaction = (
  got: Got,
) => readonly [status: number, headers?: Record<string, string>] | 'silence';

/** The other end of a sink: a plain HTTP server that keeps what it took. */
export async function receiver(react: Reaction = () => [202]) {
  const taken: Got[] = [];
  let connections = 0;
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const got = { headers: request.headers, url: request.url ?? '', body };
    const reaction = react(got);
    if (reaction === 'silence') return;
    const [status, headers = {}] = reaction;
    if (status < 300) taken.push(got);
    response.writeHead(status, headers).end('{"nobody":"reads this"}');
  };
  const server = createServer((request, response) => void take(request, response));
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/broker`,
    taken,
    server,
    close,
    connections: () => connections,
  };
}
