import type { App, Input } from '@hearth/core';
import { eventFunction, type EventFunction, type EventOptions } from './event-function.ts';
import { recordOf, textOf } from './native.ts';
import { readDelivery, type PubsubDecodeOptions } from './pubsub-message.ts';

/** How events about messages of Pub/Sub are taken. */
export interface PubsubEventOptions extends EventOptions, PubsubDecodeOptions {}

/**
 * Runs an app on the messages of a topic that Eventarc, or the Pub/Sub trigger of a function, brings:
 * `functions.cloudEvent('readings', pubsubEvent(home, { … }))`. IAM alone decides who may call such a function.
 *
 * A message is acknowledged when it is done, or in the dead letters. For any other the function throws, and it comes again, if the function
 * retries.
 */
export function pubsubEvent(app: App, options: PubsubEventOptions): EventFunction {
  return eventFunction(app, options, (event) => [decodePubsubEvent(event, options)]);
}

/** Reads the event `google.cloud.pubsub.topic.v1.messagePublished` around a message, as `pubsubEvent` does; never throws. */
export function decodePubsubEvent(event: unknown, options: PubsubDecodeOptions = {}): Input {
  const { data, source, traceparent } = recordOf(event);
  return readDelivery(data, textIn(event), options, { source: textOf(source), traceparent });
}

/** What came, for the dead letter of what is no such event. */
function textIn(event: unknown): string {
  try {
    return JSON.stringify(event) ?? '';
  } catch {
    return '';
  }
}
