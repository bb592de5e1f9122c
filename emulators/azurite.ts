import { fork } from 'node:child_process';
import { once } from 'node:events';

/** The Table service of Azurite. */
export interface Azurite {
  /** `http://127.0.0.1:<port>`; a table's endpoint is this and `/devstoreaccount1`. */
  readonly url: string;
  /** For clients of `@azure/data-tables`, with `allowInsecureConnection`; through a proxy at another URL if one is given. */
  connectionString(url?: string): string;
  stop(): Promise<void>;
}

/** What makes Azurite speak TLS; only so does it take tokens of Microsoft Entra, of which it checks all but the signature. */
export interface AzuriteTls {
  /** Files in PEM. */
  readonly cert?: string;
  readonly key?: string;
}

// Known to everybody: it is the account that the documentation of Azurite names.
const account = 'devstoreaccount1';
const key =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/**
 * Starts Azurite's tables, in memory, in a process of its own that ends with this one.
 *
 * Real: ETags, entity group transactions, the checks of keys and sizes, signatures, paging. Not real: throttling, partitions that move,
 * continuation in the middle of a page; the size of an entity is counted in UTF-8 and not in UTF-16.
 */
export async function startAzurite({
  cert = '',
  key: secret = '',
}: AzuriteTls = {}): Promise<Azurite> {
  const child = fork(new URL('azurite-process.ts', import.meta.url), [cert, secret], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const [url] = (await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => {
      throw new Error(`Azurite ended with code ${String(code)} before it listened.`);
    }),
  ])) as [string];
  return {
    url,
    connectionString: (through = url) =>
      `DefaultEndpointsProtocol=${new URL(through).protocol.slice(0, -1)};AccountName=${account};AccountKey=${key};TableEndpoint=${through}/${account};`,
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}
