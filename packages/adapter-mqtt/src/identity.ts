import { HearthError, isHearthError } from '@hearth/core';
import type { Principal } from '@hearth/core';
import { anonymous, type TopicPrincipal } from '@hearth/core/trigger';

/** The user properties of a message; one that was sent several times has several values. */
export type UserProperties = Readonly<Record<string, string | readonly string[]>>;

/** What identifies the sender of a message. */
export interface Sent {
  readonly topic: string;
  /** The values of the topic's `{…}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly userProperties: UserProperties;
}

/**
 * How the sender of a message is known.
 *
 * `topic`: the broker lets a device publish only below its own name, so the topic's `{device}` is who speaks, and its `{credential}`, if
 * the pattern has one, is what the broker let it in with. `{ userProperty }`: the broker sets this property to the name of the device,
 * and `credential`, if it is named, to the fingerprint of its certificate, whatever the device sent. A principal: the broker lets only
 * that one publish here. A function decides for itself; it must use nothing that a device can choose. `anonymous`: nothing is proved.
 */
export type PrincipalFrom =
  | 'anonymous'
  | 'topic'
  | {
      readonly userProperty: string;
      readonly kind?: 'device' | 'hub' | 'user';
      readonly credential?: string;
    }
  | Principal
  | ((sent: Sent) => Principal);

/**
 * What the shared topic patterns take for how a sender is known.
 *
 * @throws {HearthError} `invalid-option` for a user property that a device could set as an attribute of an event.
 */
export function topicPrincipal(from: PrincipalFrom): TopicPrincipal {
  if (typeof from === 'function') {
    return ({ topic, params, attributes }) =>
      from({ topic, params, userProperties: attributes as UserProperties });
  }
  if (typeof from === 'string' || !('userProperty' in from)) return from;
  const { userProperty, kind = 'device', credential } = from;
  for (const name of credential === undefined ? [userProperty] : [userProperty, credential])
    assertNoAttribute(name);
  return ({ attributes }) => {
    const known = byProperty(userProperty, kind, attributes as UserProperties);
    if (credential === undefined || isHearthError(known) || known.kind === 'anonymous')
      return known;
    const proved = byProperty(credential, kind, attributes as UserProperties);
    if (isHearthError(proved)) return proved;
    return proved.id === '' ? known : { ...known, credential: proved.id };
  };
}

function assertNoAttribute(name: string): void {
  if (!/^[a-z\d]*$/.test(name)) return;
  const message = `"${name}" could be an attribute of an event, which a device sets itself; use a name with a sign such as "-".`;
  throw new HearthError('invalid-option', message, { field: 'principal' });
}

function byProperty(
  name: string,
  kind: Principal['kind'],
  userProperties: UserProperties,
): Principal | HearthError {
  const value = Object.hasOwn(userProperties, name) ? userProperties[name] : undefined;
  if (value === undefined || value === '') return anonymous;
  if (typeof value === 'string') return { kind, id: value };
  // The device sent one of its own beside the broker's, and nothing tells which is which.
  const message = `The user property "${name}" came ${value.length} times.`;
  return new HearthError('not-permitted', message, { field: 'principal' });
}
