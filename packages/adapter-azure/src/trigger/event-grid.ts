import type { App, Input } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { gridEvent, gridMessage, telemetryMessage, telemetryType } from './grid-message.ts';
import { carefully } from '@hearth/core/trigger';
import { handleOrThrow } from './handling.ts';
import { iotHubDevice, sourceOf } from './iot-hub-device.ts';
import { readMessage, type MessageOptions } from './message.ts';
import { runtimeOf, type AzureOptions } from './options.ts';
import { hopOf } from './trace.ts';

/** How events of Event Grid are read. */
export interface EventGridDecodeOptions extends MessageOptions {
  /**
   * Whether `Microsoft.Devices.DeviceTelemetry` is what a device said: then the message in it is read as `iotHub` reads it, `plain` included,
   * and the device that IoT Hub has stamped is who speaks. Only for a subscription to IoT Hub's own topic, to which nobody else can publish.
   */
  readonly telemetry?: boolean;
}

/** What `eventGrid` takes. `timeoutMs` is 25,000 unless given: Event Grid waits for an answer for 30 s. */
export interface EventGridOptions extends AzureOptions, EventGridDecodeOptions {}

/** What `app.eventGrid` of `@azure/functions` takes. */
export interface EventGridFunction {
  handler: (event: unknown, context: FunctionContext) => Promise<void>;
}

/**
 * Runs an app on the events of an Event Grid subscription, in the CloudEvents schema or in Event Grid's own:
 * `app.eventGrid('events', eventGrid(home, { … }))`.
 *
 * They come one by one, in no order. An event that must come again makes the function throw; Event Grid then tries again for 24 hours,
 * unless the subscription says otherwise, and files what it gives up in the subscription's dead-letter container, if it has one.
 *
 * @throws {HearthError} `invalid-option` for a number that is no positive integer.
 */
export function eventGrid(app: App, options: EventGridOptions): EventGridFunction {
  const isProved = options.principal !== undefined || options.telemetry === true;
  const runtime = { redeliveryAgeMs: 86_400_000, ...runtimeOf(options, isProved) };
  const { timeoutMs: withinMs = 25_000 } = options;
  return {
    async handler(event, context) {
      const inputs = decodeEventGrid(event, context, options);
      await handleOrThrow(app, inputs, runtime, context, { withinMs });
    },
  };
}

/**
 * Reads an event of Event Grid into an input; it never throws.
 *
 * An event in Event Grid's own schema becomes a CloudEvent: `topic` is its source, `eventType` its type, `eventTime` its time.
 */
export function decodeEventGrid(
  event: unknown,
  context: FunctionContext,
  options: EventGridDecodeOptions = {},
): readonly [Input] {
  return carefully(event, () => [inputOf(event, context, options)] as const);
}

function inputOf(event: unknown, context: FunctionContext, options: EventGridDecodeOptions): Input {
  const { telemetry = false, ...rest } = options;
  const grid = gridEvent(event);
  const traceparent = hopOf(context);
  const { id, time, source = '', type } = grid;
  if (!telemetry || type !== telemetryType) {
    const native = { id, source, time, traceparent, json: grid.json };
    return readMessage(gridMessage(grid), native, rest);
  }
  const { json, ...message } = telemetryMessage(grid);
  const native = { id, source: sourceOf(iotHubDevice(message)), time, traceparent, json };
  return readMessage(message, native, { ...rest, principal: iotHubDevice });
}
