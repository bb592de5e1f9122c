import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that runs in a process of its own. */
export interface ChildServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  stop(): Promise<void>;
}

// Waits until the standard input ends, which it does when the parent is gone, however that came to be.
const untilAlone = '"$@" & child=$!; cat >/dev/null; kill -9 $child';
const startMs = 25_000;

/**
 * Starts a command that serves HTTP, and resolves when it answers a GET of `path` with 200. It ends with this process at the latest.
 *
 * `command` makes the command line for a port that is free.
 */
export async function startChildServer(
  command: (port: number) => readonly string[],
  path: string,
): Promise<ChildServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn('/bin/sh', ['-c', untilAlone, 'sh', ...command(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
    });
  }
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  for (const until = Date.now() + startMs; Date.now() < until; await sleep(40)) {
    if (await answers(url + path)) return { port, url, stop };
  }
  await stop();
  throw new Error(`The server did not answer within ${startMs} ms:\n${output}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.text();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
