import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of the next request: it does not get through, or its answer does not; then the connection breaks, or stays silent. */
export type ProxyFault = 'lose-request' | 'lose-answer' | 'silence';

/** A way to a server on which connections can be lost. */
export interface Proxy {
  readonly port: number;
  /** Lets this happen to whatever is sent next. */
  next(fault: ProxyFault): void;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a port of 127.0.0.1, on a free port unless told which. */
export async function startProxy(target: number, own = 0): Promise<Proxy> {
  let fault: ProxyFault | undefined;
  const sockets = new Set<Socket>();
  const take = () => {
    const taken = fault;
    fault = undefined;
    return taken;
  };
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let losing: ProxyFault | undefined;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut).on('close', cut);
    }
    client.on('data', (chunk) => {
      losing ??= take();
      if (losing === 'lose-request') cut();
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (losing === undefined) client.write(chunk);
      else if (losing === 'lose-answer') cut();
    });
  }).listen(own, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    next: (given) => {
      fault = given;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
