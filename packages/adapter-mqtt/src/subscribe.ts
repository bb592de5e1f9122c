import { HearthError } from '@hearth/core';
import type { ISubscriptionMap } from 'mqtt';
import type { Link } from './link.ts';
import { codeOf } from './refusal.ts';

/** What the broker is to do with retained messages: send them once, at every new subscription, or not at all. */
export type Retained = 'new' | 'always' | 'never';

/** What to subscribe to. */
export interface Subscription {
  readonly filters: readonly string[];
  /** The group of a shared subscription: each message goes to one of its members. */
  readonly group: string | undefined;
  readonly retained: Retained;
}

const handling = { new: 1, always: 0, never: 2 } as const;

/**
 * Subscribes at QoS 1.
 *
 * Where the broker has no shared subscriptions, or MQTT 3.1.1 leaves it open, the subscription is an ordinary one and the log says so.
 *
 * @throws {HearthError} `not-permitted` if the broker refuses a filter.
 */
export async function subscribe(
  link: Link,
  { filters, group, retained }: Subscription,
): Promise<void> {
  const shared = group === undefined ? undefined : unshared(link);
  if (shared !== undefined)
    link.logger.warn(
      { group, reason: shared },
      'No shared subscription: this worker gets every message.',
    );
  const prefix = group === undefined || shared !== undefined ? '' : `$share/${group}/`;
  // Retain handling is not defined for shared subscriptions, and MQTT 3.1.1 has none.
  const how = link.version === 5 && prefix === '' ? { rh: handling[retained] } : {};
  const map: ISubscriptionMap = Object.fromEntries(
    filters.map((filter) => [prefix + filter, { qos: 1, ...how }] as const),
  ) as ISubscriptionMap;
  try {
    await link.client.subscribeAsync(map);
  } catch (error) {
    const code = codeOf(error);
    const message = `The broker did not grant a subscription${code === undefined ? '' : ` (${code})`}.`;
    throw new HearthError('not-permitted', message, {
      retryable: !link.isConnected,
      cause: error,
      field: 'topics',
    });
  }
}

/** Why there are no shared subscriptions; `undefined` if there are. */
function unshared({ version, client }: Link): string | undefined {
  if (version === 4) return 'MQTT 3.1.1 does not tell whether the broker has them';
  if (client.serverProperties?.sharedSubscriptionAvailable === false) return 'the broker has none';
  return undefined;
}
