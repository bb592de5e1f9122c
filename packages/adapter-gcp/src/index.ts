export { pubsub, decodePubsub } from './trigger/pubsub.ts';
export type { PubsubOptions } from './trigger/pubsub.ts';
export { pubsubEvent, decodePubsubEvent } from './trigger/pubsub-event.ts';
export type { PubsubEventOptions } from './trigger/pubsub-event.ts';
export type {
  PlainPayload,
  PubsubDecodeOptions,
  PubsubDelivery,
} from './trigger/pubsub-message.ts';
export { bridgedDevice, type BridgedDevice } from './trigger/bridged-device.ts';
export { cloudEvent, decodeCloudEvent } from './trigger/cloud-event.ts';
export type { CloudEventDecodeOptions, CloudEventOptions } from './trigger/cloud-event.ts';
export { storage, decodeStorage } from './trigger/storage.ts';
export type { StorageDecodeOptions, StorageOptions, StoredObject } from './trigger/storage.ts';
export { http, decodeHttp } from './trigger/http.ts';
export type { Authenticate, HttpOptions } from './trigger/http.ts';
export { schedule, type ScheduleOptions } from './trigger/schedule.ts';
export { googleCaller } from './trigger/google-caller.ts';
export type { GoogleCaller, Headed, KeySource } from './trigger/google-caller.ts';
export type { HttpFunction, HttpRequest } from './trigger/http-function.ts';
export type { EventFunction, EventOptions } from './trigger/event-function.ts';
export { cloudLogger } from './trigger/cloud-logger.ts';
export type { GcpOptions } from './trigger/options.ts';
