import { HearthError } from '@hearth/core/event';
import type { PubsubMessage } from './message.ts';

/** A topic of the SDK as far as the publisher uses one. */
export interface PubsubTopic {
  publishMessage(message: PubsubMessage): Promise<string>;
  resumePublishing(orderingKey: string): void;
}

/** The client of `@google-cloud/pubsub` as far as the publisher uses it. */
export interface PubsubClient {
  topic(name: string, options?: object): PubsubTopic;
}

/** Where topics are. */
export interface PubsubWhere {
  /** The client to use; one is made on first use unless given. */
  readonly client?: PubsubClient;
  /** The project; that of the environment unless given. */
  readonly project?: string;
}

/** The client of a publisher. */
export interface PubsubConnection {
  /** The client, which is made on first use. */
  open(): Promise<PubsubClient>;
  /** Ends the client, if it was made here. */
  close(): Promise<void>;
}

type Sdk = typeof import('@google-cloud/pubsub');

/** Makes a client on first use, and keeps it. */
export function connectionTo({ client, project }: PubsubWhere): PubsubConnection {
  let made: Promise<InstanceType<Sdk['PubSub']>> | undefined;
  const make = async () => {
    const { PubSub } = await sdk();
    return new PubSub(project === undefined ? {} : { projectId: project });
  };
  return {
    async open() {
      if (client !== undefined) return client;
      // What failed, such as a missing package, is tried again.
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    async close() {
      await (await made)?.close();
    },
  };
}

async function sdk(): Promise<Sdk> {
  try {
    return await import('@google-cloud/pubsub');
  } catch (cause) {
    const message = 'Install "@google-cloud/pubsub" beside @hearth/adapter-gcp, or give "client".';
    throw new HearthError('invalid-option', message, { field: 'client', cause });
  }
}
