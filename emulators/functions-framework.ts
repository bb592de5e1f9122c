import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as framework from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { freePort } from './child-server.ts';

/** A function to run as Google Cloud does: for CloudEvents, or for HTTP requests. */
export type CloudFunction =
  | { readonly cloudEvent: (event: unknown) => unknown }
  | { readonly http: (request: IncomingMessage, response: ServerResponse) => unknown };

/** A function that listens. */
export interface RunningFunction {
  readonly url: string;
  stop(): Promise<void>;
}

let count = 0;

/** Runs a function in the real functions-framework, in this process. */
export async function startFunction(which: CloudFunction): Promise<RunningFunction> {
  const name = `function-${(count += 1)}`;
  if ('cloudEvent' in which) framework.cloudEvent(name, which.cloudEvent);
  else framework.http(name, which.http);
  const server = getTestServer(name).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const main = new URL(
  './node_modules/@google-cloud/functions-framework/build/src/main.js',
  import.meta.url,
);

interface FunctionModule {
  /** The folder of the module, which has a `package.json` that names it. */
  readonly folder: string;
  readonly target: string;
  readonly signature: 'http' | 'cloudevent';
}

function commandOf({ folder, target, signature }: FunctionModule, port: number): string[] {
  return [
    fileURLToPath(main),
    `--source=${folder}`,
    `--target=${target}`,
    `--signature-type=${signature}`,
    '--host=127.0.0.1',
    `--port=${port}`,
  ];
}

/** A request, and the module with the function that is to answer it. */
export interface ColdRequest {
  /** An ES module that exports the function. */
  readonly module: URL;
  readonly target: string;
  readonly signature: 'http' | 'cloudevent';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Starts the real functions-framework in a process of its own, sends it a request as soon as it listens, and gives the milliseconds until the answer. */
export async function firstAnswerMs(cold: ColdRequest): Promise<number> {
  const { module, target, signature, headers, body } = cold;
  const folder = mkdtempSync(join(tmpdir(), 'hearth-function-'));
  const source = `export { ${target} } from ${JSON.stringify(module.href)};`;
  writeFileSync(join(folder, 'index.mjs'), source);
  writeFileSync(join(folder, 'package.json'), '{"type":"module","main":"index.mjs"}');
  const port = await freePort();
  const start = performance.now();
  const child = spawn(process.execPath, commandOf({ folder, target, signature }, port), {
    stdio: 'ignore',
  });
  try {
    while (child.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })
        // Nobody listens yet.
        .catch(() => sleep(1));
      if (answer === undefined) continue;
      await answer.text();
      if (answer.ok) return performance.now() - start;
      throw new Error(`The function answered ${answer.status}.`);
    }
    throw new Error(`The functions-framework ended with code ${child.exitCode}.`);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}
