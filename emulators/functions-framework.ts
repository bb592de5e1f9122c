import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as framework from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { startChildServer, type ChildServer } from './child-server.ts';

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

/** A module with functions, which registers them with the framework or exports them. */
export interface FunctionModule {
  /** The folder of the module, which has an `index.mjs`, or a `package.json` that names another one. */
  readonly folder: string;
  readonly target: string;
  readonly signature: 'http' | 'cloudevent';
}

/** Runs a function in the real functions-framework, in a process of its own; it must answer a GET of `/` with 200. */
export function startFunctionProcess(module: FunctionModule): Promise<ChildServer> {
  const { folder, target, signature } = module;
  return startChildServer(
    (port) => [
      process.execPath,
      fileURLToPath(main),
      `--source=${folder}`,
      `--target=${target}`,
      `--signature-type=${signature}`,
      '--host=127.0.0.1',
      `--port=${port}`,
    ],
    '/',
  );
}
