import { HearthError } from '@hearth/core';
import type { Principal } from '@hearth/core';

/** What identifies the sender of a message. */
export interface Sent {
  readonly topic: string;
  /** The values of the topic's `{…}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly userProperties: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * How the sender of a message is known.
 *
 * `topic`: the broker lets a device publish only below its own name, so the topic's `{device}` is who speaks. `{ userProperty }`: the
 * broker sets this property to the name of the device, whatever the device sent. A principal: the broker lets only that one publish
 * here. A function decides for itself; it must use nothing that a device can choose. `anonymous`: nothing is proved.
 */
export type PrincipalFrom =
  | 'anonymous'
  | 'topic'
  | { readonly userProperty: string; readonly kind?: 'device' | 'hub' | 'user' }
  | Principal
  | ((sent: Sent) => Principal);

/** Who has proved nothing. */
export const anonymous: Principal = { kind: 'anonymous', id: '' };

/** Gives the principal of a message, or the reason why it is refused. */
export type Identify = (sent: Sent) => Principal | HearthError;

/**
 * Makes a function of how senders are known.
 *
 * @throws {HearthError} `invalid-option` for a user property that a device could set as an attribute of an event, and for `topic` where
 * the pattern has no `{device}`.
 */
export function identify(from: PrincipalFrom, pattern: string): Identify {
  if (from === 'anonymous') return () => anonymous;
  if (from === 'topic') {
    if (!pattern.includes('{device}')) {
      const message = `The principal cannot come from the topic "${pattern}": it has no {device}.`;
      throw new HearthError('invalid-option', message, { field: 'principal' });
    }
    return ({ params }) => ({ kind: 'device', id: params['device'] as string });
  }
  if (typeof from === 'function') return from;
  if ('userProperty' in from) return byProperty(from.userProperty, from.kind ?? 'device');
  return () => from;
}

function byProperty(name: string, kind: Principal['kind']): Identify {
  if (/^[a-z\d]*$/.test(name)) {
    const message = `"${name}" could be an attribute of an event, which a device sets itself; use a name with a sign such as "-".`;
    throw new HearthError('invalid-option', message, { field: 'principal' });
  }
  return ({ userProperties }) => {
    const value = Object.hasOwn(userProperties, name) ? userProperties[name] : undefined;
    if (value === undefined || value === '') return anonymous;
    if (typeof value === 'string') return { kind, id: value };
    // The device sent one of its own beside the broker's, and nothing tells which is which.
    const message = `The user property "${name}" came ${value.length} times.`;
    return new HearthError('not-permitted', message, { field: 'principal' });
  };
}
