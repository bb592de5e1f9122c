import type { App, Input } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { hubFunction, type EventHubFunction, type HubOptions } from './event-hub.ts';
import { hubInputs } from './hub-inputs.ts';
import { iotHubDevice, sourceOf } from './iot-hub-device.ts';
import type { AzureMessage, MessageOptions } from './message.ts';

/** Which IoT hub is read: its endpoint that is compatible with Event Hubs, and what a plain payload is. */
export interface IotHubOptions extends HubOptions, IotHubDecodeOptions {}

/** How messages of devices become events; the sender is known already. */
export type IotHubDecodeOptions = Omit<MessageOptions, 'principal'>;

/**
 * Runs an app on what devices send to IoT Hub: `app.eventHub('telemetry', iotHub(home, { … }))`. Works as `eventHub`, and the device that
 * IoT Hub has stamped on a message is who speaks; a message without that stamp is anonymous.
 *
 * Nobody but IoT Hub may have the right to send to the event hub that is read.
 *
 * @throws {HearthError} `invalid-option` for a number that is no positive integer.
 */
export function iotHub(app: App, options: IotHubOptions): EventHubFunction {
  return hubFunction(app, options, true, (messages, context) =>
    decodeIotHub(messages, context, options),
  );
}

/**
 * Reads what the host hands in for a batch of IoT Hub into one input for each message, in their order; it never throws.
 *
 * As `decodeEventHub`; `message-id`, `user-id` and application properties say nothing of who speaks. Only telemetry becomes what `plain`
 * says, unless it is a function: what IoT Hub itself tells, such as changes of twins, is named by `iothub-message-source`.
 */
export function decodeIotHub(
  messages: unknown,
  context: FunctionContext,
  options: IotHubDecodeOptions = {},
): readonly Input[] {
  const { plain } = options;
  const how: MessageOptions = {
    ...options,
    principal: iotHubDevice,
    ...(plain === undefined || typeof plain === 'function'
      ? {}
      : { plain: (message: AzureMessage) => (isTelemetry(message) ? plain : undefined) }),
  };
  return hubInputs(messages, context, how, (message) => {
    const device = iotHubDevice(message);
    return { source: sourceOf(device), ...(device.id === '' ? {} : { order: device.id }) };
  });
}

function isTelemetry({ systemProperties }: AzureMessage): boolean {
  const source = systemProperties['iothub-message-source'];
  return source === undefined || source === 'Telemetry';
}
