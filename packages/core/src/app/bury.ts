import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import type { Outgoing, PublishResult } from '../ports/publisher.ts';
import { deadLetterOf, deadLetterOfRaw, deniedOf, withoutData } from './dead-letter.ts';
import { publish, type Task } from './effect.ts';
import type { Input } from './input.ts';
import type { Lane } from './lane.ts';
import { log, logged } from './telemetry.ts';
import { count, type Context } from './work.ts';

/** The host tells neither how often it has delivered an input nor that it was the last time. */
export const isBlind = ({ attempt, lastAttempt }: Input): boolean =>
  attempt === undefined && lastAttempt === undefined;

/** What the host does with what must come again after its last attempt. */
export type AfterLastAttempt = 'kept' | 'lost';

/** An input has had its last chance: it will be a dead letter and nothing else. */
export const isSpent = ({ input, fate }: Lane, after: AfterLastAttempt = 'kept'): boolean =>
  (fate?.status === 'failed' || (fate?.status === 'retry' && after === 'lost')) &&
  (isBlind(input) || input.lastAttempt === true);

/** Who keeps dead letters, and what is left of an input after its last attempt. */
export interface BuryOptions {
  readonly deadLetters?: 'own' | 'host';
  readonly afterLastAttempt?: AfterLastAttempt;
}

/**
 * Hands rejected and spent inputs to the dead letters; what these do not take must be delivered again. A `host` that keeps dead letters
 * itself is only told that they are rejected.
 */
export function* bury(
  context: Context,
  lanes: readonly Lane[],
  { deadLetters: by = 'own', afterLastAttempt }: BuryOptions = {},
): Task<void> {
  const buried = lanes.filter(
    (lane) => lane.fate?.status === 'rejected' || isSpent(lane, afterLastAttempt),
  );
  if (buried.length === 0) return;
  if (by === 'own') yield* publishLetters(context, buried);
  else for (const lane of buried) lane.fate = { status: 'rejected', ...reasonOf(lane) };
  yield* alarm(
    context,
    buried.filter(
      (lane) => lane.fate?.status === 'rejected' && reasonOf(lane).code === 'not-permitted',
    ),
  );
}

function* publishLetters(context: Context, buried: readonly Lane[]): Task<void> {
  const letters = buried.map((lane) => letterOf(context, lane));
  const results = [...(yield* publishLettersAs(letters))];
  const large = letters.flatMap((_, at) => (isTooLarge(results[at]) ? [at] : []));
  if (large.length > 0) {
    const smaller = large.flatMap((at) => withoutData(letters[at] as CloudEvent));
    const again = yield* publishLettersAs(smaller);
    large.forEach((at, index) => {
      results[at] = again[index] as PublishResult;
    });
  }
  buried.forEach((lane, index) => {
    const result = results[index];
    const { code, message } = reasonOf(lane);
    if (result?.outcome === 'published') lane.fate = { status: 'rejected', ...reasonOf(lane) };
    else {
      const error = result?.outcome === 'failed' ? result.error : undefined;
      const text = `The dead letter for "${code}" (${message}) was not accepted.`;
      lane.fate = {
        status: 'retry',
        error: new HearthError('publisher-unavailable', text, { retryable: true, cause: error }),
      };
    }
  });
}

function publishLettersAs(letters: readonly CloudEvent[]) {
  return publish(letters.map(outgoingOf), true);
}

/** A letter on its way out; without its data if that is no JSON, which only an input made in this process can have. */
function outgoingOf(event: CloudEvent): Outgoing {
  try {
    return { event, body: JSON.stringify(event) };
  } catch {
    const bare = withoutData(event);
    return { event: bare, body: JSON.stringify(bare) };
  }
}

const isTooLarge = (result: PublishResult | undefined): boolean =>
  result?.outcome === 'failed' && result.error.code === 'limit-exceeded';

function reasonOf({ fate }: Lane): {
  readonly code: string;
  readonly message?: string;
  readonly data?: unknown;
} {
  if (fate === undefined || fate.status === 'done') return { code: 'step-failed' };
  if (fate.status === 'rejected') {
    const { code, message, data } = fate;
    return {
      code,
      ...(message === undefined ? {} : { message }),
      ...(data === undefined ? {} : { data }),
    };
  }
  return { code: fate.error.code, message: fate.error.message };
}

function letterOf({ app, runtime }: Context, lane: Lane): CloudEvent {
  const { event, raw, id } = lane.input;
  const now = runtime.clock.now();
  if (!isHearthError(event)) return deadLetterOf(app, event, reasonOf(lane), now);
  const identity = id ?? toBase32(hashFrom(hashState('hearth.raw'), [raw ?? '']));
  return deadLetterOfRaw(app, identity, raw, reasonOf(lane), now);
}

/** Somebody spoke for another: a security event, besides the dead letter. */
function* alarm(context: Context, lanes: readonly Lane[]): Task<void> {
  const denied = lanes.flatMap(({ input }) => {
    if (isHearthError(input.event)) return [];
    count(context, 'identity_mismatch');
    const { kind, id } = input.principal;
    log(
      context,
      'warn',
      { ...logged(input.event, `${kind}:${id}`), reason: 'not-permitted' },
      'Somebody spoke for another.',
    );
    return [deniedOf(context.app, input.event, `${kind}:${id}`, context.runtime.clock.now())];
  });
  if (denied.length > 0)
    yield* publish(denied.map((event) => ({ event, body: JSON.stringify(event) })));
}
