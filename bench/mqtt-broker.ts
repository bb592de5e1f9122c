import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { commandPath } from '@hearth/testing/needs';

/** A broker in a process of its own. */
export interface Broker {
  readonly name: 'mosquitto' | 'aedes';
  readonly url: string;
  /** The newest MQTT that it speaks. */
  readonly version: 4 | 5;
  stop(): void;
}

/** How many messages the broker has under way to each subscriber. */
export const inFlight = 1_000;

/** Starts mosquitto where this machine has it, else aedes. Neither may slow down, drop or store anything: only subscribers are measured. */
export async function startBroker(): Promise<Broker> {
  const port = await freePort();
  const url = `mqtt://127.0.0.1:${port}`;
  const command = commandPath('mosquitto');
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  const args =
    command === undefined
      ? [process.execPath, new URL('mqtt-aedes.ts', import.meta.url).pathname, String(port)]
      : [command, '-c', configured(folder, port)];
  const child = spawn(args[0] as string, args.slice(1), { stdio: 'ignore' });
  await reachable(port);
  return {
    name: command === undefined ? 'aedes' : 'mosquitto',
    url,
    version: command === undefined ? 4 : 5,
    stop() {
      child.kill();
      rmSync(folder, { recursive: true });
    },
  };
}

function configured(folder: string, port: number): string {
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    `max_inflight_messages ${inFlight}`,
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'log_type error',
    // Started by root it would give that up, and could not read this file.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function reachable(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await wait(10);
  }
  throw new Error(`The broker does not listen on port ${port}.`);
}
