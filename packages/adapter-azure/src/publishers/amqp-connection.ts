import { HearthError } from '@hearth/core';
import type { AzureCredential } from '../stores/table-client.ts';

/** How a namespace of Service Bus or Event Hubs is reached, unless by a client. */
export interface AmqpNamespace {
  /** The connection string of the namespace, asked for when it is first needed. */
  readonly connectionString?: () => string | Promise<string>;
  /** `<namespace>.servicebus.windows.net`, with `credential`. */
  readonly namespace?: string;
  readonly credential?: AzureCredential;
  /** How long one attempt may take: 10,000 ms unless given. */
  readonly timeoutMs?: number;
}

/** A connection that is made on first use and kept, since a function is called many times. */
export interface Connection<T> {
  open(): Promise<T>;
  close(): Promise<void>;
}

/** What was opened, and how it is closed. */
export interface Opened<T> {
  readonly used: T;
  close(): Promise<void>;
}

/** Opens on first use; what failed is tried again with the next. */
export function connection<T>(open: () => Promise<Opened<T>>): Connection<T> {
  let opened: Promise<Opened<T>> | undefined;
  return {
    async open() {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return (await opened).used;
    },
    async close() {
      const last = opened;
      opened = undefined;
      await (await last)?.close();
    },
  };
}

/** Once more for a connection that had died unseen; whoever waits longer is the outbox. */
export function retryOptions({ timeoutMs = 10_000 }: AmqpNamespace) {
  return { maxRetries: 1, retryDelayInMs: 100, timeoutInMs: timeoutMs };
}

/** @throws {HearthError} `invalid-option` when the name of a queue, topic or hub is none, or nothing says how to get there. */
export function assertReachable(
  field: string,
  name: unknown,
  where: AmqpNamespace & { readonly client?: unknown },
): void {
  const { client, connectionString, namespace, credential, timeoutMs = 1 } = where;
  if (typeof name !== 'string' || name === '') throw invalid(field, 'must be a name');
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw invalid('timeoutMs', 'must be a positive integer');
  }
  if (client !== undefined) return;
  if (connectionString === undefined) {
    if (namespace !== undefined && credential !== undefined) return;
    const fix = 'is missing: give it, or "namespace" with "credential", or "client"';
    throw invalid('connectionString', fix);
  }
  if (typeof connectionString !== 'function') {
    throw invalid('connectionString', 'must be a function that gives it: it is a secret');
  }
}

/** The error of an option of a publisher. */
export function invalid(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" of the publisher ${fix}.`, { field });
}
