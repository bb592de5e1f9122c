import { HearthError, isHearthError } from '@hearth/core';
import type { AzureCredential } from './table-client.ts';

/** A record as Cosmos DB keeps it. `due` and `tags` are absent where there is nothing to index. */
export interface CosmosItem {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  /** Tells one write from another that is alike. */
  readonly token: string;
  readonly hash: number;
  readonly due?: string;
  readonly tags?: readonly string[];
}

/** What a request is given: the signal that ends it when it takes too long, and the version that it is for. */
export interface CosmosRequest {
  readonly abortSignal?: AbortSignal;
  readonly accessCondition?: { readonly type: string; readonly condition: string };
}

/** An item, or what became of it. */
export interface CosmosAnswer {
  readonly etag?: string;
  readonly resource?: Partial<CosmosItem> | undefined;
}

/** What a query gives of an item. */
export interface CosmosFound {
  readonly id: string;
  readonly key: string;
  readonly due?: string;
}

/** What the store uses of a `Container` of `@azure/cosmos`. */
export interface CosmosContainerLike {
  read(options?: object): Promise<{
    readonly resource?:
      | { readonly partitionKey?: { readonly paths: readonly string[] } }
      | undefined;
  }>;
  item(
    id: string,
    partitionKey: string,
  ): {
    read(options?: CosmosRequest): Promise<CosmosAnswer>;
    replace(item: CosmosItem, options?: CosmosRequest): Promise<CosmosAnswer>;
  };
  readonly items: {
    create(item: CosmosItem, options?: CosmosRequest): Promise<CosmosAnswer>;
    query(
      query: { query: string; parameters: { name: string; value: string | number }[] },
      options: CosmosRequest & { readonly maxItemCount: number },
    ): { hasMoreResults(): boolean; fetchNext(): Promise<{ readonly resources?: CosmosFound[] }> };
  };
}

/** What the store uses of the `CosmosClient` of `@azure/cosmos`. */
export interface CosmosClientLike {
  database(id: string): { container(id: string): CosmosContainerLike };
  getDatabaseAccount(): Promise<{
    readonly resource?: { readonly consistencyPolicy?: string } | undefined;
  }>;
}

/** Where a container is: an account with its key or a credential, or a client. */
export interface CosmosConnection {
  readonly database: string;
  /** The container, which must exist, as `cosmosContainer` describes it. */
  readonly container: string;
  /** `https://<account>.documents.azure.com`, with `key` or `credential`. */
  readonly endpoint?: string;
  /** The key of the account, asked for when it is first needed. */
  readonly key?: () => string | Promise<string>;
  readonly credential?: AzureCredential;
  /** A `CosmosClient` to use instead. */
  readonly client?: CosmosClientLike;
  /**
   * Accounts of Cosmos DB are made with the consistency `Session`, in which one worker may read what another has already replaced.
   * `refuse`, unless given: such an account is not used. `accept`: it is; no save is lost, but `read`, `ask` and `reads` may lag behind.
   */
  readonly staleReads?: 'refuse' | 'accept';
}

/** Gives the container, opened and looked at on first use; what fails is tried again with the next use. */
export function cosmosContainerOf(
  connection: CosmosConnection,
): () => Promise<CosmosContainerLike> {
  const { client, endpoint, key, credential } = connection;
  for (const field of ['database', 'container'] as const) {
    const name: unknown = connection[field];
    if (typeof name !== 'string' || name === '') throw invalid(field, 'must be a name');
  }
  if (client === undefined && endpoint === undefined) {
    throw invalid('endpoint', 'is missing: give it with "key" or "credential", or "client"');
  }
  if (client === undefined && key === undefined && credential === undefined) {
    throw invalid('key', 'is missing: give it, or "credential"');
  }
  if (key !== undefined && typeof key !== 'function') {
    throw invalid('key', 'must be a function that gives it: it is a secret');
  }
  let opened: Promise<CosmosContainerLike> | undefined;
  return () => {
    opened ??= open(connection).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

async function open(connection: CosmosConnection): Promise<CosmosContainerLike> {
  const { database, container, staleReads = 'refuse' } = connection;
  const client = connection.client ?? (await newClient(connection));
  const opened = client.database(database).container(container);
  const [account, found] = await Promise.all([client.getDatabaseAccount(), opened.read()]);
  const paths = found.resource?.partitionKey?.paths;
  if (paths !== undefined && paths.join() !== '/id') {
    throw invalid('container', `must have the partition key /id, and has ${paths.join()}`);
  }
  const level = account.resource?.consistencyPolicy ?? 'Session';
  if (staleReads === 'refuse' && level !== 'Strong' && level !== 'BoundedStaleness') {
    const fix = `has to be Strong or BoundedStaleness, and is ${level}: a load could miss a save; or give "staleReads"`;
    throw invalid('staleReads', `is "refuse", so the consistency of the account ${fix}`);
  }
  return opened;
}

async function newClient(connection: CosmosConnection): Promise<CosmosClientLike> {
  const { endpoint = '', key, credential } = connection;
  try {
    const { CosmosClient } = await import('@azure/cosmos');
    const auth = key === undefined ? { aadCredentials: credential as never } : { key: await key() };
    // Whoever waits longer is a host that delivers again.
    const retryOptions = { maxRetryAttemptCount: 3, maxWaitTimeInSeconds: 5 };
    const connectionPolicy = { retryOptions };
    return new CosmosClient({ endpoint, ...auth, connectionPolicy });
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    const message =
      'The Cosmos DB client cannot be opened: "key" gives none, or @azure/cosmos is not installed.';
    throw new HearthError('store-unavailable', message, { retryable: true, cause });
  }
}

function invalid(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" of the Cosmos DB store ${fix}.`, { field });
}
