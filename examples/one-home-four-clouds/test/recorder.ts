import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request that arrived. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a recorder answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Serves HTTP on a free port of 127.0.0.1, and keeps what it was asked. */
export async function recorder(
  answerTo: (request: Recorded) => Answer | Promise<Answer> = () => ({ status: 200 }),
) {
  const requests: Recorded[] = [];
  const server = createServer((incoming, response) => {
    const answer = async () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body: (await buffer(incoming)).toString() };
      requests.push(request);
      const { status, headers: more = {}, body = '' } = await answerTo(request);
      response.writeHead(status, more).end(body);
    };
    answer().catch(() => incoming.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Hands a request on to another server. */
export async function forwarded(request: Recorded, to: string): Promise<Answer> {
  const headers = Object.entries(request.headers).filter(([name]) =>
    /^(x-amz-|authorization|content-type)/.test(name),
  );
  const answer = await fetch(to + request.url, {
    method: request.method,
    headers: headers as [string, string][],
    body: request.body,
  });
  const names = ['content-type', 'x-amzn-requestid', 'x-amz-crc32'];
  const found = names.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { status: answer.status, headers: Object.fromEntries(found), body: await answer.text() };
}
