import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { client } from '../packages/adapter-mqtt/test/client.ts';
import { commandPath, needs } from '../packages/testing/src/needs.ts';
import { blocksOf, extract } from './docs.ts';
import { read } from './sources.ts';

const page = 'docs/how-to/run-beside-mqtt.md';
const text = read(page);
const folder = mkdtempSync(join(tmpdir(), 'hearth-guide-'));
const extracted = extract(blocksOf(page, text));
const ends: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
  extracted.remove();
});

/** Writes the files that the page shows and that are not TypeScript. */
function writeFiles(edit: (file: string) => string): void {
  const fence = /^( *)```(?!ts\b)\w+ file=(\S+)\n([\s\S]*?)^\1``` *$/gm;
  for (const [, indent = '', name = '', body = ''] of text.matchAll(fence)) {
    const lines = body.split('\n').map((line) => line.slice(indent.length));
    writeFileSync(join(folder, name), edit(lines.join('\n')));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (let isOpen = false; !isOpen;) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}.`);
    const socket = connect(port, '127.0.0.1');
    isOpen = await once(socket, 'connect').then(
      () => true,
      () => wait(5, false),
    );
    socket.destroy();
  }
}

/** The module that the page calls `gateway.ts`. */
interface Gateway {
  gateway(
    folder: string,
    url: string,
  ): { readonly trigger: { readonly ready: Promise<void> }; close(): Promise<void> };
}

it('runs the home of the guide, and keeps a device from speaking for another', async (context) => {
  const mosquitto = needs(context, commandPath('mosquitto'), 'mosquitto, the broker');
  needs(context, commandPath('openssl'), 'openssl');
  const port = await freePort();
  // Started by root, mosquitto would give that up and could not read the files of this folder.
  const user = process.getuid?.() === 0 ? 'user root\n' : '';
  writeFiles((file) => file.replace('listener 8883', `${user}listener ${port}`));
  execFileSync('sh', ['-e', 'certificates.sh'], { cwd: folder, stdio: 'ignore' });
  const broker = spawn(mosquitto, ['-c', 'mosquitto.conf'], { cwd: folder, stdio: 'ignore' });
  ends.push(() => broker.kill());
  await reachable(port, broker);

  const url = `mqtts://localhost:${port}`;
  const path = extracted.pathOf({ page, file: 'gateway.ts', line: 0, code: '', isRun: false });
  const { gateway } = (await import(path)) as Gateway;
  const { trigger, close } = gateway(folder, url);
  ends.push(close);
  await trigger.ready;

  const pem = (name: string) => readFileSync(join(folder, name));
  const connected = async (name: string) => {
    const tls = { ca: pem('ca.crt'), cert: pem(`${name}.crt`), key: pem(`${name}.key`) };
    const made = await client(url, tls);
    ends.push(() => made.endAsync());
    return made;
  };
  const [t1, t2, phone] = [await connected('t1'), await connected('t2'), await connected('phone')];
  await t1.subscribeAsync('device/t1/desired', { qos: 1 });
  const wished = new Promise<Buffer>((resolve) => {
    t1.once('message', (_topic, payload) => resolve(payload));
  });
  await t1.publishAsync('device/t1/temperature', '{"celsius":19.5}', { qos: 1 });
  await phone.publishAsync('wish/t1/set', '{"occupiedHeatingSetpoint":21}', { qos: 1 });
  expect(JSON.parse(String(await wished))).toMatchObject({
    data: { desired: { occupiedHeatingSetpoint: 21 } },
  });
  await expect(t2.publishAsync('device/t1/temperature', '{}', { qos: 1 })).rejects.toMatchObject({
    code: 135,
  });
});
