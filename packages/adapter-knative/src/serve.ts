import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HearthError, type App } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import { nodeRuntime, onShutdown, sweeper, type SweeperOptions } from '@hearth/node';
import { trigger } from './knative.ts';
import type { KnativeOptions } from './options.ts';

/** How a server listens, besides how it takes requests. Times are in ms. */
export interface ServeOptions extends Omit<KnativeOptions, 'sweep' | 'wake'> {
  /** `PORT` of the environment, else 8080, unless given; 0 takes a free one. */
  readonly port?: number;
  /** Every address of the machine unless given. */
  readonly host?: string;
  /** How this process sweeps; `elsewhere` if another one does. */
  readonly sweeper?: SweeperOptions | 'elsewhere';
  /** The time in which a whole request must have come. 15,000 unless given. */
  readonly slowMs?: number;
  /** How long a connection may stay without a request: 95,000 unless given, longer than Knative's proxies keep theirs. */
  readonly idleMs?: number;
  /** Bytes of all headers of a request together, attributes among them. 64 KiB unless given; more is answered with 431. */
  readonly maxHeaderBytes?: number;
  /** How long requests in progress may take when the server is closed, before they are cut off. 10,000 unless given. */
  readonly drainMs?: number;
}

/** A server that listens. */
export interface Served {
  readonly port: number;
  readonly url: string;
  /** Takes no new connection, waits for what is in progress, and ends the sweep. Calling it again waits for the same. */
  close(): Promise<void>;
}

/**
 * Serves an app: `knative` with a server, time limits against slow senders, a sweep, and draining on SIGTERM and SIGINT, after which the
 * process ends.
 *
 * @throws {HearthError} `invalid-option`, also if the port cannot be listened on.
 */
export async function serve(app: App, options: ServeOptions): Promise<Served> {
  const port = options.port ?? portOf(process.env['PORT']);
  const { sweeper: sweep = {}, ...rest } = options;
  const given = nodeRuntime(rest);
  const swept = sweep === 'elsewhere' ? undefined : sweeper(app, given, sweep);
  try {
    const runtime = swept?.runtime ?? { ...given, sweep: true };
    const { listener, drain } = trigger(app, rest, runtime);
    const server = serverFor(options, listener);
    await listen(server, port, options.host);
    return served(server, drain, async () => swept?.stop(), options);
  } catch (error) {
    await swept?.stop();
    throw error;
  }
}

function serverFor(options: ServeOptions, listener: RequestListener): Server {
  const { slowMs = 15_000, idleMs = 95_000, maxHeaderBytes = 65_536 } = options;
  const maxBytes = options.limits?.maxBytes ?? defaultLimits.maxBytes;
  const server = createServer({
    requestTimeout: slowMs,
    headersTimeout: Math.min(slowMs, 10_000),
    connectionsCheckingInterval: Math.min(slowMs, 5000),
    keepAliveTimeout: idleMs,
    maxHeaderSize: maxHeaderBytes,
  });
  // Node would leave out what is beyond a number of headers, and say nothing; their bytes are bounded already.
  server.maxHeadersCount = 0;
  server.on('request', listener);
  // A sender that asks first is not told to go on with what is too long.
  server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length']) > maxBytes) response.shouldKeepAlive = false;
    else response.writeContinue();
    server.emit('request', request, response);
  });
  return server;
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `Port ${port} cannot be listened on: ${cause.code ?? 'unknown'}.`;
      reject(new HearthError('invalid-option', message, { field: 'port', cause }));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function served(
  server: Server,
  drain: () => void,
  stopSweep: () => Promise<void>,
  { host = 'localhost', drainMs = 10_000 }: ServeOptions,
): Served {
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const closeAll = async () => {
    drain();
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    await new Promise((resolve) => {
      server.close(resolve);
    });
    clearTimeout(cut);
    await stopSweep();
  };
  const forget = onShutdown(() => close());
  const close = () => {
    forget();
    return (closed ??= closeAll());
  };
  return { port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close };
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return 8080;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new HearthError('invalid-option', '"PORT" must be a number from 0 to 65535.', {
    field: 'port',
  });
}
