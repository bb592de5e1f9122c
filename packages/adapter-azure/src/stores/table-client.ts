import { HearthError, isHearthError } from '@hearth/core';

/** What the store uses of an entity. */
export interface TableEntity {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly [property: string]: unknown;
}

/** An entity that was read. */
export interface FoundEntity {
  readonly rowKey?: string;
  readonly etag?: string;
  readonly timestamp?: string;
  readonly [property: string]: unknown;
}

/** What every request is given: the signal that ends it when it takes too long. */
export interface TableRequest {
  readonly abortSignal?: AbortSignal;
}

/** One step of an entity group transaction. */
export type TableAction =
  | ['create', TableEntity]
  | ['update', TableEntity, 'Replace', { readonly etag: string }]
  | ['upsert', TableEntity, 'Replace']
  | ['delete', { readonly partitionKey: string; readonly rowKey: string }];

/** What the store uses of the `TableClient` of `@azure/data-tables`. */
export interface TableClientLike {
  getEntity(
    partitionKey: string,
    rowKey: string,
    options?: TableRequest & { readonly queryOptions?: { select?: string[] } },
  ): Promise<FoundEntity>;
  createEntity(entity: TableEntity, options?: TableRequest): Promise<{ etag?: string }>;
  updateEntity(
    entity: TableEntity,
    mode: 'Replace',
    options: TableRequest & { readonly etag: string },
  ): Promise<{ etag?: string }>;
  deleteEntity(partitionKey: string, rowKey: string, options?: TableRequest): Promise<unknown>;
  submitTransaction(
    actions: TableAction[],
    options?: TableRequest,
  ): Promise<{ readonly subResponses: readonly { readonly etag?: string }[] }>;
  listEntities(
    options: TableRequest & { readonly queryOptions: { filter: string; select: string[] } },
  ): {
    byPage(settings: {
      maxPageSize: number;
    }): AsyncIterableIterator<readonly FoundEntity[] & { readonly continuationToken?: string }>;
  };
}

/** What is needed of a credential of `@azure/identity`. */
export interface AzureCredential {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** Where a table is: a connection string, an account with a credential, or a client. */
export interface TableConnection {
  /** The table, which must exist. */
  readonly table: string;
  /** The connection string of the storage account, asked for when it is first needed. */
  readonly connectionString?: () => string | Promise<string>;
  /** `https://<account>.table.core.windows.net`, with `credential`. */
  readonly endpoint?: string;
  readonly credential?: AzureCredential;
  /** A `TableClient` to use instead. One with `retryOptions: { maxRetries: 0 }` tells the most about what became of a write. */
  readonly client?: TableClientLike;
}

/** Reads may be repeated by the client; writes are not, because a repeated write would hide what became of the first. */
export interface TableClients {
  readonly reads: TableClientLike;
  readonly writes: TableClientLike;
}

/** Gives the clients, opened on first use; what fails is tried again with the next use. */
export function tableClients(connection: TableConnection): () => Promise<TableClients> {
  const { table, connectionString, endpoint, credential, client } = connection;
  if (typeof table !== 'string' || !/^[A-Za-z][A-Za-z0-9]{2,62}$/.test(table)) {
    throw invalid('table', 'must be 3 to 63 letters and digits, a letter first');
  }
  if (client !== undefined) return () => Promise.resolve({ reads: client, writes: client });
  if (connectionString === undefined && (endpoint === undefined || credential === undefined)) {
    const fix = 'is missing: give it, or "endpoint" with "credential", or "client"';
    throw invalid('connectionString', fix);
  }
  if (connectionString !== undefined && typeof connectionString !== 'function') {
    throw invalid('connectionString', 'must be a function that gives it: it is a secret');
  }
  let opened: Promise<TableClients> | undefined;
  return () => {
    opened ??= open(connection).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

async function open(connection: TableConnection): Promise<TableClients> {
  try {
    const { TableClient } = await import('@azure/data-tables');
    const { table, connectionString, endpoint = '', credential } = connection;
    const secret = await connectionString?.();
    const make = (options: object): TableClientLike => {
      const made =
        secret === undefined
          ? new TableClient(endpoint, table, credential as never, options)
          : TableClient.fromConnectionString(secret, table, {
              ...options,
              allowInsecureConnection: isLocal(secret),
            });
      return made;
    };
    return { reads: make({}), writes: make({ retryOptions: { maxRetries: 0 } }) };
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    const message =
      'The table cannot be opened: "connectionString" gives none, or @azure/data-tables is not installed.';
    throw new HearthError('store-unavailable', message, { retryable: true, cause });
  }
}

/** Azurite and its like are the only ones without TLS. */
function isLocal(connectionString: string): boolean {
  return /UseDevelopmentStorage=true|TableEndpoint=http:\/\//i.test(connectionString);
}

function invalid(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" of the table store ${fix}.`, { field });
}
