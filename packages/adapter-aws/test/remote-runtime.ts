import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  HearthError,
  isHearthError,
  type Clock,
  type Publisher,
  type Runtime,
  type StoredRecord,
} from '@hearth/core';
import { systemClock } from '@hearth/node';

/** What a process needs to use the ports of a runtime in another one; JSON. */
export interface RemotePorts {
  readonly url: string;
  readonly capabilities: Runtime['store']['capabilities'];
  readonly ordered: boolean;
  readonly hasDeadLetters: boolean;
  /** What of the runtime is no port, such as `sweep`. */
  readonly rest: Partial<Runtime>;
}

/** Lets another process use the store and the publishers of a runtime, as they are: with their faults, and dying with them. */
export async function lendPorts() {
  const lent = new Map<string, Runtime>();
  const server = createServer((request, response) => {
    const runtime = lent.get(request.url ?? '');
    void answer(runtime, request).then((text) => response.end(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    lend(runtime: Runtime): RemotePorts {
      const path = `/${lent.size}`;
      lent.set(path, runtime);
      const { store, publisher, deadLetters } = runtime;
      const plain = Object.entries(runtime).filter(([, value]) =>
        ['boolean', 'number', 'string'].includes(typeof value),
      );
      return {
        url: origin + path,
        capabilities: store.capabilities,
        ordered: publisher.ordered === true,
        hasDeadLetters: deadLetters !== undefined,
        rest: Object.fromEntries(plain) as Partial<Runtime>,
      };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Port = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

async function answer(runtime: Runtime | undefined, request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { port, method, args } = JSON.parse(Buffer.concat(chunks).toString()) as Call;
  try {
    const target = runtime?.[port] as unknown as Port;
    return JSON.stringify({ value: await target[method]?.(...args) }, encoded);
  } catch (error) {
    return JSON.stringify({ error: isHearthError(error) ? error : String(error) }, encoded);
  }
}

interface Call {
  readonly port: 'store' | 'publisher' | 'deadLetters';
  readonly method: string;
  readonly args: readonly unknown[];
}

function encoded(_: string, value: unknown): unknown {
  if (!isHearthError(value)) return value;
  const { code, message, retryable, field } = value;
  return { isHearthError: true, code, message, retryable, field };
}

function revived(_: string, value: unknown): unknown {
  const {
    isHearthError: isError,
    code,
    message,
    ...rest
  } = Object(value) as {
    readonly isHearthError?: true;
    readonly code: HearthError['code'];
    readonly message: string;
  };
  return isError === true ? new HearthError(code, message, rest) : value;
}

/** The runtime whose ports another process lends. Its clock does not wait, which nobody could watch. */
export function borrowPorts(ports: RemotePorts): Runtime {
  const call =
    (port: Call['port'], method: string) =>
    async (...args: unknown[]): Promise<never> => {
      const body = JSON.stringify({ port, method, args });
      const response = await fetch(ports.url, { method: 'POST', body });
      const { value, error } = JSON.parse(await response.text(), revived) as {
        readonly value: never;
        readonly error?: unknown;
      };
      if (error === undefined) return value;
      throw isHearthError(error) ? error : new Error(error as string);
    };
  const methods = ['load', 'save', 'due', 'query', 'erase'].map((name) => [
    name,
    call('store', name),
  ]);
  const publisher = (port: 'publisher' | 'deadLetters'): Publisher => ({
    ordered: ports.ordered,
    publish: call(port, 'publish'),
  });
  const clock: Clock = { ...systemClock(), sleep: () => Promise.resolve() };
  return {
    ...ports.rest,
    store: {
      ...(Object.fromEntries(methods) as unknown as Runtime['store']),
      async load(keys) {
        const records: readonly (StoredRecord | null)[] = await call('store', 'load')(keys);
        // JSON has no `undefined` for a record that does not exist.
        return records.map((record) => record ?? undefined);
      },
      capabilities: ports.capabilities,
    },
    publisher: publisher('publisher'),
    ...(ports.hasDeadLetters ? { deadLetters: publisher('deadLetters') } : {}),
    clock,
  };
}
