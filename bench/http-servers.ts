import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type * as FaasJs from 'faas-js-runtime';

/** What a server process tells about itself when it is asked. */
export interface ServerReport {
  readonly cpuMs: number;
  /** Events of which the record was saved; only Hearth counts them. */
  readonly saved?: number;
}

const host = '127.0.0.1';

/** The servers that are compared, each in a process of its own. They give their port. */
const servers: Readonly<Record<string, () => Promise<number>>> = {
  async hearth() {
    const { serve } = await import('@hearth/adapter-knative');
    const { memoryPublisher, memoryStore } = await import('@hearth/core/ports');
    const { silentApp, service } = await import('./app.ts');
    const { port } = await serve(silentApp, {
      host,
      port: 0,
      authenticate: service,
      store: memoryStore(),
      publisher: memoryPublisher(),
      observe: () => {
        saved += 1;
      },
    });
    return port;
  },

  /** Parses the same body, and does nothing else. */
  bare: () =>
    listen(
      createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const event = JSON.parse(Buffer.concat(chunks).toString()) as { readonly id: string };
          response.statusCode = event.id === '' ? 400 : 204;
          response.end();
        });
      }),
    ),

  async functionsFramework() {
    const { cloudEvent } = await import('@google-cloud/functions-framework');
    const { getTestServer } = await import('@google-cloud/functions-framework/testing');
    cloudEvent('empty', () => undefined);
    return listen(getTestServer('empty'));
  },

  async faasJs() {
    const runtime = createRequire(import.meta.url)('faas-js-runtime') as typeof FaasJs;
    // It takes 0 for 8080, so that a free port has to be found for it.
    const spare = createServer();
    const port = await listen(spare);
    await new Promise((resolve) => {
      spare.close(resolve);
    });
    await runtime.start(() => undefined, { port });
    return port;
  },
};

let saved = 0;

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

// A child process of the benchmark serves until its parent goes away.
const kind = process.argv[2] ?? '';
const start = servers[kind];
if (start === undefined) throw new Error(`There is no server "${kind}".`);
process.on('disconnect', () => process.exit());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, saved } satisfies ServerReport);
});
process.send?.(await start());
