import { HearthError, type App, type Input } from '@hearth/core';
import { carefully, recordOf, textOf, throwIfRetry } from '@hearth/core/trigger';
import { isEventBridge, type EventBridgeEvent } from './envelope.ts';
import { invoker, runtimeOf, type AwsOptions } from './invocation.ts';
import { messageReader, refused, isProved, type MessageOptions } from './message.ts';
import type { AsyncHandler } from './sns.ts';

/** How events of a bus are read. A CloudEvent is the `detail`; `plain` says what any other event becomes, with its `detail` as data. */
export type EventBridgeDecodeOptions = MessageOptions<EventBridgeEvent>;

/** How events of a bus are handled. */
export interface EventBridgeOptions extends AwsOptions, EventBridgeDecodeOptions {}

/**
 * Runs an app on the events that a rule of EventBridge matches. It answers as `sns` does.
 *
 * With `cascade: 'bus'` an app hears itself by a bus of its own: `principal: { kind: 'app', id: app.source }` says so, and holds where
 * nobody but the app may put events there.
 */
export function eventBridge(app: App, options: EventBridgeOptions): AsyncHandler {
  const read = reader(options);
  const invoke = invoker(app, runtimeOf(options, isProved(options)));
  return async (event, context) => {
    throwIfRetry(await invoke(read(event), context));
  };
}

/** Reads the inputs out of what EventBridge hands in: what `eventBridge` handles. Never throws. */
export function decodeEventBridge(
  event: unknown,
  options: EventBridgeDecodeOptions = {},
): readonly Input[] {
  return reader(options)(event);
}

function reader(options: EventBridgeDecodeOptions): (native: unknown) => readonly Input[] {
  const read = messageReader(options);
  return (native) =>
    carefully(native, () => {
      const event = recordOf(native);
      const found = {
        native: event as unknown as EventBridgeEvent,
        json: native ?? null,
        id: textOf(event['id']),
        source: 'events',
      };
      if (isEventBridge(event)) return read(found);
      const message =
        'The event must be one of EventBridge; check which service invokes this function.';
      return [refused(found, new HearthError('invalid-event', message, { field: 'detail-type' }))];
    });
}
