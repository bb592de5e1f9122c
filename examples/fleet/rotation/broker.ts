import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { dynamicSecurity, type DeviceAccess } from '@hearth/adapter-mqtt';
import type { Identity } from './authority.ts';

/** A mosquitto that lets nobody in without a certificate. */
export interface SecureBroker {
  readonly url: string;
  /** Has the broker keep out everybody on this list who is not in already. */
  revoke(list: string): void;
  stop(): Promise<void>;
}

/** What the broker is started with. `mosquitto` and `plugin` are paths: of the program, and of its dynamic security plugin. */
export interface SecureBrokerOptions {
  readonly mosquitto: string;
  readonly plugin: string;
  readonly server: Identity;
  readonly ca: string;
  readonly revoked: string;
  readonly devices: Iterable<DeviceAccess>;
}

/** The name of the backend, in its certificate. */
export const backend = 'gateway';

/** Starts mosquitto with mutual TLS on a free port of loopback. */
export async function secureBroker(options: SecureBrokerOptions): Promise<SecureBroker> {
  const { mosquitto, plugin, server, ca, revoked, devices } = options;
  const folder = mkdtempSync(join(tmpdir(), 'hearth-fleet-'));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFileSync(path(name), text, { mode: 0o600 });
  const port = await freePort();
  write('ca.pem', ca);
  write('cert.pem', server.cert);
  write('key.pem', server.key);
  write('revoked.pem', revoked);
  write('security.json', JSON.stringify(dynamicSecurity(devices, { backends: [backend] })));
  const config = [
    `listener ${port} 127.0.0.1`,
    `cafile ${path('ca.pem')}`,
    `certfile ${path('cert.pem')}`,
    `keyfile ${path('key.pem')}`,
    `crlfile ${path('revoked.pem')}`,
    'require_certificate true',
    // The common name of the certificate is who speaks, and nobody takes the session of another.
    'use_identity_as_username true',
    'use_username_as_clientid true',
    `plugin ${plugin}`,
    `plugin_opt_config_file ${path('security.json')}`,
    // Started by root it would give that up, and could not read the files of this folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  write('mosquitto.conf', `${config.join('\n')}\n`);
  const child = spawn(mosquitto, ['-c', path('mosquitto.conf')], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  await reachable(port, () => child.exitCode);
  return {
    url: `mqtts://localhost:${port}`,
    revoke(list) {
      write('revoked.pem', list);
      child.kill('SIGHUP');
    },
    async stop() {
      process.off('exit', end);
      end();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function reachable(port: number, exitCode: () => number | null): Promise<void> {
  for (;;) {
    if (exitCode() !== null) throw new Error(`mosquitto ended with ${exitCode()}.`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await wait(5);
  }
}
