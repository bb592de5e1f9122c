import { isHearthError } from '../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';
import { answerElsewhere } from './answer-elsewhere.ts';
import { waitFor } from './asked.ts';
import type { App } from './define-app.ts';
import { handle } from './handle.ts';
import type { Handled, Input } from './input.ts';

/**
 * The answer to a question: it came in time, it is no, it did not come in time, or the question could not be handled (`retry`: ask again,
 * with the same id). What a deferred question leads to is emitted as ever, with the question's id as `correlationid`; a `reply` that
 * comes too late reaches nobody.
 */
export type Asked =
  | { readonly outcome: 'answered'; readonly reply: unknown }
  | { readonly outcome: 'rejected'; readonly code: string; readonly data?: unknown }
  | { readonly outcome: 'deferred' }
  | { readonly outcome: 'retry'; readonly code: string };

/** How long `ask` waits (ms), and how often it looks whether another process has answered; never when absent. */
export interface AskOptions {
  readonly withinMs: number;
  readonly pollMs?: number;
}

/**
 * Handles an event and waits for the answer: the reply of a step, or of what the step's command led to, if it comes within `withinMs`.
 *
 * A follow-up counts when it is handled in this process, on the same store object, with the question's id as `correlationid`, and is about
 * a subject that the story has led to; its rejection is an answer, too. A step that was led there by something else answers with
 * `replyTo`. With `pollMs` such an answer is also found when another process gives it, at the cost of a load each time: the handler that
 * got the question must be the one that answers. Whatever the outcome, the event is handled as by `handle`. Never rejects.
 */
export async function ask(
  app: App,
  input: Input,
  runtime: Runtime,
  { withinMs, pollMs }: AskOptions,
): Promise<Asked> {
  const { event } = input;
  if (isHearthError(event)) return { outcome: 'rejected', code: event.code };
  const { said, stop } = waitFor(runtime, event);
  const late = deferred(runtime, withinMs);
  const direct = handle(app, [input], runtime).then(([handled]) => outcomeOf(handled));
  const followed = said.then((one): Asked =>
    'reply' in one
      ? { outcome: 'answered', reply: one.reply }
      : { outcome: 'rejected', code: one.rejected },
  );
  let isOver = false;
  const elsewhere = async (): Promise<Asked> => {
    if (pollMs === undefined) return late;
    const found = await answerElsewhere(app, event, runtime, { pollMs, isOver: () => isOver });
    return found === undefined ? late : { outcome: 'answered', reply: found.reply };
  };
  const answer = await Promise.race([
    late,
    followed,
    direct.then((known) => known ?? Promise.race([late, followed, elsewhere()])),
  ]);
  isOver = true;
  stop();
  return answer;
}

/** Resolves when the time is over; a clock that cannot wait does not, and nobody is kept waiting for it. */
async function deferred({ clock }: Runtime, withinMs: number): Promise<Asked> {
  try {
    await clock.sleep(withinMs);
  } catch {
    // The question is handled all the same.
  }
  return { outcome: 'deferred' };
}

/** What the handled question itself says, if it says something. */
function outcomeOf(handled: Handled | undefined): Asked | undefined {
  if (handled === undefined) return { outcome: 'deferred' };
  if (handled.verdict === 'retry')
    return { outcome: 'retry', code: handled.code ?? 'store-unavailable' };
  if (handled.verdict === 'rejected') {
    const { code = 'rejected', data } = handled;
    return { outcome: 'rejected', code, ...(data === undefined ? {} : { data }) };
  }
  return handled.reply === undefined ? undefined : { outcome: 'answered', reply: handled.reply };
}
