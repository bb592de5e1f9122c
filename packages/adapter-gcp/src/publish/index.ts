export {
  pubsubPublisher,
  type PubsubPublisher,
  type PubsubPublisherOptions,
} from './pubsub-publisher.ts';
export type { PubsubMessage, PubsubMode } from './message.ts';
export type { PubsubClient, PubsubTopic, PubsubWhere } from './client.ts';
