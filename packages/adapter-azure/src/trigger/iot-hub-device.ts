import type { Principal } from '@hearth/core';
import { anonymous } from '@hearth/core/trigger';
import type { AzureMessage } from './message.ts';

/**
 * The device that IoT Hub has stamped on a message: `iothub-connection-device-id`, together with the generation of its identity and how it
 * was authenticated, which IoT Hub stamps as well. Without all three the sender is anonymous.
 *
 * These names are those of all of IoT Hub's endpoints that a function can read: Event Hubs, Event Grid and Service Bus. Use it only where
 * nobody but IoT Hub may send: whoever else has the right to send to such an endpoint can write the same properties.
 */
export function iotHubDevice({ systemProperties }: AzureMessage): Principal {
  const id = systemProperties['iothub-connection-device-id'];
  const generation = systemProperties['iothub-connection-auth-generation-id'];
  const method = systemProperties['iothub-connection-auth-method'];
  const isStamped = [id, generation, method].every(
    (value) => typeof value === 'string' && value !== '',
  );
  return isStamped ? { kind: 'device', id: id as string } : anonymous;
}

/** The source of what a device sends that says nothing of it. Ids may have signs that mean something in a URI, such as # and %. */
export function sourceOf({ id }: Principal): string {
  return `iothub:${encodeURIComponent(id.replaceAll(/\p{Surrogate}/gu, '\ufffd'))}`;
}
