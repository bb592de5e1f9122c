import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Aedes } from 'aedes';

/** Starts aedes, a broker in this process that speaks MQTT 3.1.1 only; over TLS, where options for it are given. */
export async function aedes(tls?: TlsOptions) {
  const broker = await Aedes.createBroker();
  const handle = broker.handle.bind(broker);
  const server = tls === undefined ? createTcpServer(handle) : createTlsServer(tls, handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    broker,
    port,
    url: `${tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    async stop() {
      server.close();
      await new Promise<void>((resolve) => {
        broker.close(() => resolve());
      });
    },
  };
}
