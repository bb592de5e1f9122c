import type { App, Input } from '@hearth/core';
import { carefully, recordOf, textOf } from '@hearth/core/trigger';
import { eventFunction, type EventFunction, type EventOptions } from './event-function.ts';
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
  return eventFunction(app, options, options.principal !== undefined, (event) =>
    decodePubsubEvent(event, options),
  );
}

/** Reads the event `google.cloud.pubsub.topic.v1.messagePublished` around a message, as `pubsubEvent` does; never throws. */
export function decodePubsubEvent(
  event: unknown,
  options: PubsubDecodeOptions = {},
): readonly [Input] {
  return carefully(event, () => {
    const { data, source, traceparent } = recordOf(event);
    const around = { source: textOf(source), traceparent };
    return [readDelivery(data, textIn(event), options, around)] as const;
  });
}

/** What came, for the dead letter of what is no such event. */
function textIn(event: unknown): string {
  try {
    return JSON.stringify(event) ?? '';
  } catch {
    return '';
  }
}
