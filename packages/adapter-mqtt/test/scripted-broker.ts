import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { generate, parser, type Packet } from 'mqtt-packet';

/** What a scripted broker answers, instead of what it would by itself. */
export interface Script {
  /** Further properties of CONNACK. */
  readonly connack?: Readonly<Record<string, unknown>>;
  /** Takes a packet; gives the answers. `undefined` leaves the usual one. */
  answer?(packet: Packet): readonly Packet[] | undefined;
}

/** A broker for one client that speaks MQTT 5 and answers as a test wants it to: for what real ones do not do on demand. */
export async function scriptedBroker(script: Script = {}) {
  const packets: Packet[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const parse = parser({ protocolVersion: 5 });
    parse.on('packet', (packet) => {
      packets.push(packet);
      const answers = script.answer?.(packet) ?? usual(packet, script);
      for (const each of answers) socket.write(generate(each, { protocolVersion: 5 }));
    });
    socket.on('data', (bytes) => parse.parse(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    /** Everything that the client has sent. */
    packets,
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    send(packet: Packet) {
      for (const socket of sockets) socket.write(generate(packet, { protocolVersion: 5 }));
    },
    /** Breaks the connection. */
    drop() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function usual(packet: Packet, { connack = {} }: Script): readonly Packet[] {
  const id = packet.messageId === undefined ? {} : { messageId: packet.messageId };
  if (packet.cmd === 'connect') {
    return [{ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: connack }];
  }
  if (packet.cmd === 'subscribe') {
    return [{ cmd: 'suback', ...id, granted: packet.subscriptions.map(() => 1) }];
  }
  if (packet.cmd === 'publish' && packet.qos === 1)
    return [{ cmd: 'puback', ...id, reasonCode: 0 }];
  return packet.cmd === 'pingreq' ? [{ cmd: 'pingresp' }] : [];
}
