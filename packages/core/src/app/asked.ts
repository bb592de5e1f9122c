import type { Applied, Runtime } from '../ports/runtime.ts';
import type { StateStore } from '../ports/state-store.ts';

type Waiter = (reply: unknown) => void;

// Who waits for an answer, by the id of what was asked. It lives as long as the store object that the runtimes of one process share.
const asked = new WeakMap<StateStore, Map<string, Waiter>>();

/** Waits for the reply of a step to something that was caused by the event with this id; call `stop` when it is no longer wanted. */
export function waitFor(
  runtime: Runtime,
  id: string,
): { readonly reply: Promise<unknown>; readonly stop: () => void } {
  const waiters = asked.get(runtime.store) ?? new Map<string, Waiter>();
  asked.set(runtime.store, waiters);
  const reply = new Promise((resolve) => {
    waiters.set(id, resolve);
  });
  return { reply, stop: () => void waiters.delete(id) };
}

/** Passes a step's reply on to whoever asked the question that led to it. */
export function answerAsked(runtime: Runtime, { event, reply }: Applied): void {
  if (reply === undefined) return;
  const waiters = asked.get(runtime.store);
  waiters?.get(event.correlationid ?? event.id)?.(reply);
}
