import { HearthError, type Principal } from '@hearth/core';
import { anonymous } from '@hearth/core/trigger';
import type { PubsubDelivery } from './pubsub-message.ts';

/** How the device of a message is known that a bridge has brought from a broker to Pub/Sub. */
export interface BridgedDevice {
  /** The attribute that the bridge sets to the name of the device: to that of the connection, whatever the device has sent. */
  readonly attribute: string;
  /**
   * The subscription, or several, to whose topic only the bridge may publish: `projects/<project>/subscriptions/<name>`. What comes by another
   * one is refused.
   */
  readonly subscription: string | readonly string[];
  readonly kind?: 'device' | 'hub' | 'user';
  /**
   * The attributes that the bridge copies from what a device sends, such as its MQTT user properties: names, or beginnings with a `*` at their
   * end. None of them can name a device.
   */
  readonly copied?: readonly string[];
}

// Attributes of an event and what goes with it are the sender's.
const chosen = [
  'ce-*',
  'content-type',
  'Content-Type',
  'traceparent',
  'tracestate',
  'googclient_*',
];

/**
 * Gives the function that takes the device from an attribute which a bridge sets, for the option `principal` of `pubsub`.
 *
 * A message without the attribute is anonymous. One that came by another subscription is refused (`not-permitted`).
 *
 * @throws {HearthError} `invalid-option` for an attribute that a device could set itself, and for a subscription that is none.
 */
export function bridgedDevice({
  attribute,
  subscription,
  kind = 'device',
  copied = [],
}: BridgedDevice): (delivery: PubsubDelivery) => Principal | HearthError {
  const subscriptions = [subscription].flat();
  assertAttribute(attribute, [...chosen, ...copied]);
  for (const one of subscriptions.length === 0 ? [''] : subscriptions) assertSubscription(one);
  return ({ attributes, subscription: by }) => {
    if (!subscriptions.includes(by)) {
      const message = 'The message came by another subscription than that of the bridge.';
      return new HearthError('not-permitted', message, { field: 'subscription' });
    }
    const id = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    return id === undefined || id === '' ? anonymous : { kind, id };
  };
}

function assertAttribute(attribute: string, settable: readonly string[]): void {
  const isSettable = settable.some((one) =>
    one.endsWith('*') ? attribute.startsWith(one.slice(0, -1)) : attribute === one,
  );
  if (!isSettable && attribute !== '') return;
  const message = `A device could set the attribute "${attribute}" itself: name one that only the bridge sets.`;
  throw new HearthError('invalid-option', message, { field: 'attribute' });
}

function assertSubscription(subscription: string): void {
  if (/^projects\/[^/]+\/subscriptions\/[^/]+$/.test(subscription)) return;
  const message = '"subscription" must be projects/<project>/subscriptions/<name>.';
  throw new HearthError('invalid-option', message, { field: 'subscription' });
}
