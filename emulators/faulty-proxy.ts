import { once } from 'node:events';
import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request on its way to the emulator. `nth` counts from 1. */
export interface ProxyRequest {
  readonly nth: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer on its way back. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | string;
}

/**
 * What goes wrong with one request.
 *
 * `drop`: the connection breaks, the emulator sees nothing. `lose`: the emulator does it, and the connection breaks before the answer.
 * `hang` and `lose-and-hang`: the same, but the connection stays silent for good, as in a timeout. `answer`: it is answered without the
 * emulator. `change`: the emulator gets another body, or the client another answer.
 */
export type ProxyFault =
  | 'drop'
  | 'lose'
  | 'hang'
  | 'lose-and-hang'
  | { readonly answer: ProxyAnswer }
  | {
      readonly change: {
        readonly body?: Buffer | string;
        readonly answer?: (answer: ProxyAnswer) => ProxyAnswer;
      };
    };

/** Decides what goes wrong with a request, if anything. */
export type ProxyPlan = (request: ProxyRequest) => ProxyFault | undefined;

/** A request as the emulator got it, with its answer as the emulator gave it. */
export interface ProxyExchange {
  readonly request: ProxyRequest;
  readonly answer: ProxyAnswer;
}

/** A proxy in front of one emulator. */
export interface FaultyProxy {
  readonly url: string;
  /** What the emulator has answered so far, in that order. */
  readonly exchanges: ProxyExchange[];
  /** Follows another plan from now on; without one, all goes well. */
  plan(plan?: ProxyPlan): void;
  /** Closes the port and breaks all connections, so that nothing can be reached any more. */
  cutOff(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy that stands for the network between a client and an emulator (HTTP/1.1, without TLS), and for its faults. */
export async function faultyProxy(target: string): Promise<FaultyProxy> {
  const exchanges: ProxyExchange[] = [];
  let count = 0;
  let plan: ProxyPlan = () => undefined;
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(incoming);
    count += 1;
    const { method = 'GET', url: path = '/', headers } = incoming;
    const request = { nth: count, method, path, headers, body };
    const fault = plan(request);
    const ask = async (changed: Buffer | string = body) => {
      const forwarded = { ...request, body: Buffer.from(changed) };
      const answer = await asked(target, forwarded);
      exchanges.push({ request: forwarded, answer });
      return answer;
    };
    const answer = await suffer(fault, ask);
    if (answer === 'silence') return;
    if (answer === undefined) incoming.socket.destroy();
    else send(response, answer);
  };
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    plan(next = () => undefined) {
      plan = next;
    },
    cutOff: stop,
    stop,
  };
}

/** What the client gets: an answer, a broken connection (`undefined`), or nothing at all. */
async function suffer(
  fault: ProxyFault | undefined,
  ask: (body?: Buffer | string) => Promise<ProxyAnswer>,
): Promise<ProxyAnswer | 'silence' | undefined> {
  if (fault === undefined) return ask();
  if (fault === 'drop') return undefined;
  if (fault === 'hang') return 'silence';
  if (typeof fault === 'string') {
    await ask();
    return fault === 'lose' ? undefined : 'silence';
  }
  if ('answer' in fault) return fault.answer;
  const { body, answer = (given) => given } = fault.change;
  return answer(await ask(body));
}

async function asked(target: string, request: ProxyRequest): Promise<ProxyAnswer> {
  // What is compressed could not be looked into.
  const { 'accept-encoding': _, ...rest } = request.headers;
  const headers = { ...rest, 'content-length': String(request.body.length) };
  const outgoing = forward(new URL(request.path, target), { method: request.method, headers });
  outgoing.end(request.body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { statusCode = 502, headers: given } = response;
  return { status: statusCode, headers: given, body: await buffer(response) };
}

function send(response: ServerResponse, { status, headers, body }: ProxyAnswer): void {
  const { 'transfer-encoding': _, connection: __, ...rest } = headers;
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...rest, 'content-length': String(bytes.length) });
  response.end(bytes);
}
