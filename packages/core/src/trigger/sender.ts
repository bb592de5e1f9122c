import { HearthError } from '../event/error.ts';
import { anonymous, type Principal } from '../ports/principal.ts';

/** What identifies the sender of a message on a topic. */
export interface TopicSender {
  readonly topic: string;
  /** The values of the topic's `{…}`. */
  readonly params: Readonly<Record<string, string>>;
  /** The properties that came with the message. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * How the sender of a message on a topic is known.
 *
 * `topic`: the broker lets a device publish only below its own name, so the topic's `{device}` is who speaks, and its `{credential}`, if
 * the pattern has one, is what the broker let it in with. A principal: the broker
 * lets only that one publish here. A function decides for itself, or gives the error for which the message is refused; it must use
 * nothing that a device can choose. `anonymous`: nothing is proved.
 */
export type TopicPrincipal =
  | 'anonymous'
  | 'topic'
  | Principal
  | ((sender: TopicSender) => Principal | HearthError);

/** Gives the principal of a message, or the reason why it is refused. */
export type Identify = (sender: TopicSender) => Principal | HearthError;

/**
 * Makes a function of how senders are known; it never throws: what a function of the user throws refuses the message.
 *
 * @throws {HearthError} `invalid-option` for `topic` where the pattern has no `{device}`.
 */
export function identify(from: TopicPrincipal, pattern: string): Identify {
  if (from === 'anonymous') return () => anonymous;
  if (from === 'topic') {
    if (!pattern.includes('{device}')) {
      const message = `The principal cannot come from the topic "${pattern}": it has no {device}.`;
      throw new HearthError('invalid-option', message, { field: 'principal' });
    }
    return ({ params }) => {
      const id = params['device'] as string;
      const credential = params['credential'];
      return credential === undefined ? { kind: 'device', id } : { kind: 'device', id, credential };
    };
  }
  return typeof from === 'function' ? from : () => from;
}
