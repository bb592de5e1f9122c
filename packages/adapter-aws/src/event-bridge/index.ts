export {
  eventBridgePublisher,
  type EventBridgePublisherOptions,
} from './event-bridge-publisher.ts';
export type { SendingOptions } from '../sending/options.ts';
