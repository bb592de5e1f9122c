import { HearthError, isHearthError } from '../event/error.ts';
import { anonymous, isPrincipal, type Principal } from '../ports/principal.ts';
import type { Message } from './message.ts';
import type { Plain } from './plain.ts';

/**
 * How the sender of a message is known: a principal, if only that one may send, or a function that uses nothing that a sender chooses; the
 * error that it gives refuses the message.
 */
export type PrincipalFrom<M> = Principal | ((message: M) => Principal | HearthError);

/** What a payload that is no CloudEvent becomes, or a function that says so; a trigger knows what is left out. */
export type PlainFrom<M> = PlainPayload | ((message: M) => PlainPayload | undefined);

/** `Plain` without what a trigger knows by itself. */
export type PlainPayload = Omit<Plain, 'source'> & Partial<Pick<Plain, 'source'>>;

/** Finds out who sends a message; without an option, nobody. It never throws: what a function of the user throws refuses the message. */
export function principalFrom<M>(
  from: PrincipalFrom<M> = anonymous,
  message: M,
): Principal | HearthError {
  return attempted('not-permitted', 'principal', () => {
    const sender: unknown = typeof from === 'function' ? from(message) : from;
    if (isHearthError(sender) || isPrincipal(sender)) return sender;
    throw new TypeError('A principal has a kind and an id.');
  });
}

/** Says what a payload becomes that is no CloudEvent: `otherwise` of a `Message`. It never throws, as `principalFrom`. */
export function plainFrom<M>(
  plain: PlainFrom<M> | undefined,
  message: M,
  known: Pick<Plain, 'source' | 'time' | 'subject'>,
): Plain | HearthError | undefined {
  const found = attempted('invalid-event', 'plain', () =>
    typeof plain === 'function' ? plain(message) : plain,
  );
  return found === undefined || isHearthError(found) ? found : { ...known, ...found };
}

/** Who sends messages, and what they are where they hold no CloudEvent: options of every trigger that takes messages. */
export interface Given<M> {
  /** Without it everybody is anonymous, and speaks for nothing. */
  readonly principal?: PrincipalFrom<M> | undefined;
  readonly plain?: PlainFrom<M> | undefined;
}

/**
 * Asks the options about a message: `principal` and `otherwise` of a `Message`. A plain payload is about the device that sends it, unless
 * the option says otherwise. It never throws.
 */
export function givenOf<M>(
  { principal: from, plain }: Given<M>,
  message: M,
  known: Pick<Plain, 'source' | 'time'>,
): Pick<Message, 'principal' | 'otherwise'> {
  const principal = principalFrom(from, message);
  const isDevice = !isHearthError(principal) && principal.kind === 'device';
  const subject = isDevice ? principal.id : undefined;
  return { principal, otherwise: plainFrom(plain, message, { ...known, subject }) };
}

function attempted<T>(
  code: HearthError['code'],
  field: string,
  work: () => T | HearthError,
): T | HearthError {
  try {
    return work();
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    return new HearthError(code, `The option "${field}" gave no answer for a message.`, {
      field,
      cause,
    });
  }
}
