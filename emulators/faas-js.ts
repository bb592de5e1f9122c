import { once } from 'node:events';
import type { Server } from 'node:http';
import Module, { createRequire } from 'node:module';
import { freePort } from './child-server.ts';

/** A function as faas-js-runtime takes it: what its module exports. */
export interface FaasModule {
  handle(context: never, event?: never): unknown;
  readiness?(request: never, reply: never): unknown;
  shutdown?(): unknown;
}

/** A function that listens. */
export interface RunningFaas {
  readonly url: string;
  stop(): Promise<void>;
}

/** What the command line of the runtime takes. */
export interface FaasSettings {
  /** `--include-raw`: the body as it came is in the context. */
  readonly includeRaw?: boolean;
}

type Start = (
  module: FaasModule,
  options: { readonly port: number; readonly logLevel: string; readonly includeRaw: boolean },
) => Promise<Server>;

interface Listening {
  listen(options: object): Promise<unknown>;
}

interface Loader {
  _load(this: unknown, name: string, ...rest: readonly unknown[]): unknown;
}

let start: Start | undefined;

/**
 * Runs a function in the real faas-js-runtime, in this process.
 *
 * Two things are replaced: it listens on 127.0.0.1 and not on every address, and it does not take the signals and uncaught errors of the
 * process for itself.
 */
export async function startFaas(
  module: FaasModule,
  { includeRaw = false }: FaasSettings = {},
): Promise<RunningFaas> {
  start ??= loadRuntime();
  const port = await freePort();
  const server = await start(module, { port, logLevel: 'silent', includeRaw });
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await module.shutdown?.();
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

function loadRuntime(): Start {
  const loader = Module as unknown as Loader;
  const load = loader._load;
  loader._load = function replacing(name, ...rest) {
    const loaded = load.call(this, name, ...rest);
    if (name === 'death') return () => () => undefined;
    return name === 'fastify' ? local(loaded as (options: object) => Listening) : loaded;
  };
  try {
    const runtime = createRequire(import.meta.url)('faas-js-runtime') as { readonly start: Start };
    return runtime.start;
  } finally {
    loader._load = load;
  }
}

function local(fastify: (options: object) => Listening) {
  return (options: object): Listening => {
    const server = fastify(options);
    const listen = server.listen.bind(server);
    server.listen = (where) => listen({ ...where, host: '127.0.0.1' });
    return server;
  };
}
