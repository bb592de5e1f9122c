import type { Applied, Runtime } from '../ports/runtime.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { CloudEvent } from '../event/cloud-event.ts';

/** What a step has said to who asked: its reply, or the code of its rejection. */
export type Said = { readonly reply: unknown } | { readonly rejected: string };

/** Who waits for an answer, and of whom the story has spoken so far: only these can give it. */
interface Waiter {
  readonly question: string;
  readonly subjects: Set<string>;
  readonly answer: (said: Said) => void;
}

// Who waits for an answer, by the id of what was asked; it may be asked twice. It lives as long as the store object that the runtimes of
// one process share.
const asked = new WeakMap<StateStore, Map<string, Set<Waiter>>>();

/** Waits for what a step says to something that was caused by this event; call `stop` when it is no longer wanted. */
export function waitFor(
  { store }: Runtime,
  { id: question, correlationid: id = question, subject = '' }: CloudEvent,
): { readonly said: Promise<Said>; readonly stop: () => void } {
  const waiters = asked.get(store) ?? new Map<string, Set<Waiter>>();
  asked.set(store, waiters);
  const mine = waiters.get(id) ?? new Set();
  waiters.set(id, mine);
  let answer: Waiter['answer'] = () => undefined;
  const said = new Promise<Said>((resolve) => {
    answer = resolve;
  });
  const waiter: Waiter = { question, subjects: new Set([subject]), answer };
  mine.add(waiter);
  const stop = () => {
    mine.delete(waiter);
    if (mine.size === 0 && waiters.get(id) === mine) waiters.delete(id);
  };
  return { said, stop };
}

/** Passes on what a step has said to whoever asked the question that led to it, or that it names. */
export function answerAsked(runtime: Runtime, applied: Applied): void {
  const waiters = asked.get(runtime.store);
  if (waiters === undefined || waiters.size === 0) return;
  const { event, reply, replyTo, rejected, subject } = applied;
  for (const waiter of waiters.get(event.correlationid ?? event.id) ?? []) {
    // A correlationid can be copied by anybody: whom the story has not led to has not been asked.
    if (!waiter.subjects.has(event.subject ?? '')) continue;
    for (const one of [subject, ...applied.emitted.map((emitted) => emitted.subject ?? '')])
      waiter.subjects.add(one);
    if (reply !== undefined && replyTo === undefined) waiter.answer({ reply });
    // That the question itself was rejected, `handle` says, and with what.
    else if (rejected !== undefined && event.id !== waiter.question) waiter.answer({ rejected });
  }
  for (const question of replyTo ?? [])
    for (const waiter of waiters.get(question) ?? []) waiter.answer({ reply });
}
