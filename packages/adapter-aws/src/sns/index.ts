export { snsPublisher, type SnsPublisherOptions } from './sns-publisher.ts';
export type { SendingOptions } from '../sending/options.ts';
