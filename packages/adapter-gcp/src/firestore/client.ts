import { HearthError } from '@hearth/core/event';

/** An instant as the SDK has it. */
export interface FirestoreTimestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A document of the SDK as far as the store uses one. */
export interface FirestoreReference {
  readonly id: string;
  create(data: object): Promise<{ readonly writeTime: FirestoreTimestamp }>;
  /** The precondition takes an instant of the SDK's own class, whose type would be another in each of its versions. */
  update(
    data: object,
    precondition: { readonly lastUpdateTime: never },
  ): Promise<{ readonly writeTime: FirestoreTimestamp }>;
}

/** What the SDK has read. */
export interface FirestoreSnapshot {
  readonly id: string;
  readonly updateTime?: FirestoreTimestamp | undefined;
  get(field: string): unknown;
}

/** A query of the SDK as far as the store uses one. */
export interface FirestoreQuery {
  where(field: string, operator: '>=' | '<=' | 'array-contains', value: unknown): FirestoreQuery;
  orderBy(field: string): FirestoreQuery;
  startAfter(...values: unknown[]): FirestoreQuery;
  limit(limit: number): FirestoreQuery;
  select(...fields: string[]): FirestoreQuery;
  get(): Promise<{ readonly docs: readonly FirestoreSnapshot[] }>;
}

/** The client of `@google-cloud/firestore`, and of firebase-admin, as far as the store uses it. */
export interface FirestoreClient {
  collection(path: string): FirestoreQuery & { doc(id: string): FirestoreReference };
  getAll(...references: object[]): Promise<readonly FirestoreSnapshot[]>;
  terminate(): Promise<void>;
}

/** A client, and how to make an instant that it accepts: the SDK insists on its own class. */
export interface Connection {
  readonly client: FirestoreClient;
  readonly timestamp: (seconds: number, nanoseconds: number) => FirestoreTimestamp;
}

/** Where the database is. */
export interface FirestoreWhere {
  /** The client to use; one is made on first use unless given. */
  readonly client?: FirestoreClient;
  /** The project; that of the environment unless given. */
  readonly project?: string;
  /** The database: `(default)` unless given. */
  readonly database?: string;
}

type Sdk = typeof import('@google-cloud/firestore');
type TimestampClass = new (seconds: number, nanoseconds: number) => FirestoreTimestamp;

/** Gives the function that opens the client on first use, and the same one ever after. */
export function connector({
  client,
  project,
  database,
}: FirestoreWhere): () => Promise<Connection> {
  let opened: Promise<Connection> | undefined;
  const open = async (): Promise<Connection> => {
    // Two copies of the SDK may be installed, and a client takes instants of its own copy only.
    const own = (client?.constructor as { readonly Timestamp?: TimestampClass } | undefined)
      ?.Timestamp;
    if (client !== undefined && own !== undefined) return connection(client, own);
    const { Firestore, Timestamp } = await sdk();
    const settings = {
      ...(project === undefined ? {} : { projectId: project }),
      ...(database === undefined ? {} : { databaseId: database }),
    };
    return connection(client ?? new Firestore(settings), Timestamp);
  };
  return () => {
    // What failed, such as a missing package, is tried again.
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

function connection(client: FirestoreClient, Timestamp: TimestampClass): Connection {
  return { client, timestamp: (seconds, nanoseconds) => new Timestamp(seconds, nanoseconds) };
}

async function sdk(): Promise<Sdk> {
  try {
    return await import('@google-cloud/firestore');
  } catch (cause) {
    const message =
      'Install "@google-cloud/firestore" beside @hearth/adapter-gcp, or give "client".';
    throw new HearthError('invalid-option', message, { field: 'client', cause });
  }
}
