export { sqsPublisher, type SqsPublisherOptions } from './sqs-publisher.ts';
export { sqsWake, type SqsWakeOptions } from './sqs-wake.ts';
export type { SendingOptions } from '../sending/options.ts';
export type { LaterWake } from '../wake/later-wake.ts';
