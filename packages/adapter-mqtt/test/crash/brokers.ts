import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { mosquitto } from '../mosquitto.ts';

/** A broker that can be restarted and then still has the sessions that it had. */
export interface Restartable {
  readonly url: string;
  readonly version: 4 | 5;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts mosquitto. It writes its sessions to disk when it is asked to end; `kill -9` would cost what came since it last did so by itself. */
export async function restartableMosquitto(command: string): Promise<Restartable> {
  const broker = await mosquitto(command);
  return {
    url: broker.url,
    version: 5,
    async restart() {
      await broker.kill('SIGTERM');
      await broker.start();
    },
    stop: () => broker.stop(),
  };
}

/** Starts aedes in this process; what it keeps of its sessions outlives it. */
export async function restartableAedes(): Promise<Restartable> {
  let broker = await Aedes.createBroker();
  // Its types do not know of it.
  const { persistence } = broker as unknown as { readonly persistence: unknown };
  let server = await listen(broker, 0);
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.close();
    await new Promise<void>((resolve) => {
      broker.close(() => resolve());
    });
  };
  return {
    url: `mqtt://127.0.0.1:${port}`,
    version: 4,
    stop,
    async restart() {
      await stop();
      broker = await Aedes.createBroker({ persistence });
      server = await listen(broker, port);
    },
  };
}

async function listen(broker: Aedes, port: number): Promise<Server> {
  const server = createServer(broker.handle.bind(broker)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
