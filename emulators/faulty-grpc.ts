import { once } from 'node:events';
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call on its way to the emulator: `path` is `/<service>/<method>`, `body` its one message. `nth` counts from 1. */
export interface GrpcCall {
  readonly nth: number;
  readonly path: string;
  readonly body: Buffer;
}

/**
 * What goes wrong with a call.
 *
 * `hang`: the emulator sees nothing, and no answer comes. `lose`: the emulator does it, and the client is told UNAVAILABLE. A number: the
 * client gets this status, and the emulator sees nothing.
 */
export type GrpcFault = 'hang' | 'lose' | number;

/** A proxy in front of one emulator that speaks gRPC. */
export interface FaultyGrpc {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** Every call that has come so far. */
  readonly calls: GrpcCall[];
  /** Follows another plan from now on; without one, all goes well. */
  plan(plan?: (call: GrpcCall) => GrpcFault | undefined): void;
  /** Closes the port and breaks all connections. */
  stop(): Promise<void>;
}

/** Starts a proxy for calls of one message (unary, or with a stream of answers), over HTTP/2 without TLS. */
export async function faultyGrpc(target: string): Promise<FaultyGrpc> {
  const calls: GrpcCall[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const upstream = connect(`http://${target}`).on('error', () => undefined);
  let plan: (call: GrpcCall) => GrpcFault | undefined = () => undefined;
  const server = createServer()
    .on('session', (session) => {
      sessions.add(session);
      session.on('close', () => sessions.delete(session)).on('error', () => undefined);
    })
    .on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      const take = async () => {
        const body = await buffer(stream);
        const call = { nth: calls.length + 1, path: String(headers[':path']), body };
        calls.push(call);
        await suffer(plan(call), stream, () => forward(upstream, headers, body));
      };
      take().catch(() => stream.close());
    });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    plan(next = () => undefined) {
      plan = next;
    },
    async stop() {
      if (!server.listening) return;
      upstream.destroy();
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface GrpcAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
}

const unavailable = 14;

async function suffer(
  fault: GrpcFault | undefined,
  stream: ServerHttp2Stream,
  ask: () => Promise<GrpcAnswer>,
): Promise<void> {
  if (fault === 'hang') return;
  if (fault !== undefined) {
    if (fault === 'lose') await ask();
    const status = String(fault === 'lose' ? unavailable : fault);
    const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': status };
    if (!stream.destroyed) stream.respond(headers, { endStream: true });
    return;
  }
  const { headers, body, trailers } = await ask();
  if (stream.destroyed) return;
  // An answer without a message says all in its head, and ends with it.
  stream.respond(headers, trailers === undefined ? { endStream: true } : { waitForTrailers: true });
  if (trailers === undefined) return;
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

async function forward(
  upstream: ClientHttp2Session,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<GrpcAnswer> {
  const request = upstream.request(headers);
  let trailers: IncomingHttpHeaders | undefined;
  request.on('trailers', (given) => {
    trailers = given;
  });
  request.end(body);
  const [answered] = (await once(request, 'response')) as [IncomingHttpHeaders];
  return { headers: answered, body: await buffer(request), trailers };
}
