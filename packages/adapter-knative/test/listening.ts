import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { knative, type KnativeOptions } from '@hearth/adapter-knative';
import { read } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { simulatedClock } from '@hearth/testing';
import { onTestFinished } from 'vitest';
import { app, door } from './door.ts';

/** One line that was logged. */
export interface Line {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

/** Runs the door behind a real server for one test, with memory ports, a clock that does not wait, and a service as sender. */
export async function listening(options: Partial<KnativeOptions> = {}) {
  const store = options.store ?? memoryStore();
  const publisher = memoryPublisher();
  const deadLetters = memoryPublisher();
  const lines: Line[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const logger = {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    fatal: log('fatal'),
  };
  const clock = simulatedClock(0, { autoAdvance: true });
  const authenticate = { kind: 'service', id: 'broker' } as const;
  const server = createServer(
    knative(app, { store, publisher, deadLetters, logger, clock, authenticate, ...options }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    server,
    store,
    publisher,
    deadLetters,
    clock,
    lines,
    rings: async (subject = 'd1') => (await read({ store }, door.ref(subject))).state.rings,
    /** Sends an event, or whatever is given, in structured mode. */
    send: (event: unknown, headers: Readonly<Record<string, string>> = {}) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json', ...headers },
        body: typeof event === 'string' ? event : JSON.stringify(event),
      }),
  };
}

/** Sends bytes as they are, then stays or leaves, and gives everything that comes back until the connection ends. */
export async function raw(port: number, sent: string, leave = false): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  if (leave) socket.end(sent);
  else socket.write(sent);
  return text(socket);
}
