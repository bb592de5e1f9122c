export { iotHub, decodeIotHub } from './trigger/iot-hub.ts';
export type { IotHubDecodeOptions, IotHubOptions } from './trigger/iot-hub.ts';
export { eventHub, decodeEventHub } from './trigger/event-hub.ts';
export type { EventHubFunction, EventHubOptions, HubOptions } from './trigger/event-hub.ts';
export type { Duration, RetryPolicy } from './trigger/retry-policy.ts';
export { serviceBus, decodeServiceBus } from './trigger/service-bus.ts';
export type {
  ServiceBusDecodeOptions,
  ServiceBusFunction,
  ServiceBusOptions,
  ServiceBusQueue,
  ServiceBusSubscription,
} from './trigger/service-bus.ts';
export { eventGrid, decodeEventGrid } from './trigger/event-grid.ts';
export type {
  EventGridDecodeOptions,
  EventGridFunction,
  EventGridOptions,
} from './trigger/event-grid.ts';
export { blob, decodeBlob } from './trigger/blob.ts';
export type { BlobDecodeOptions, BlobOptions, StoredBlob } from './trigger/blob.ts';
export { http, decodeHttp } from './trigger/http.ts';
export type { HttpFunction, HttpOptions } from './trigger/http.ts';
export { bearer } from './trigger/bearer.ts';
export { easyAuth, type EasyAuth } from './trigger/easy-auth.ts';
export type { Authenticate, FunctionRequest } from './trigger/request.ts';
export { timer } from './trigger/timer.ts';
export type { TimerFunction, TimerOptions } from './trigger/timer.ts';
export { wakes, type WakesOptions } from './trigger/wakes.ts';
export { iotHubDevice } from './trigger/iot-hub-device.ts';
export type { AzureMessage, MessageOptions, MessagePrincipal } from './trigger/message.ts';
export type { PlainPayload } from '@hearth/core/trigger';
export type { AzureOptions } from './trigger/options.ts';
export type { FunctionContext } from './trigger/context.ts';
export { allocation } from './trigger/allocation.ts';
export type {
  Allocation,
  AllocationFunction,
  AllocationOptions,
  AllocationRequest,
} from './trigger/allocation.ts';
