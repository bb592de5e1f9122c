import type { Applied, Runtime } from '../ports/runtime.ts';
import type { StateStore } from '../ports/state-store.ts';

type Waiter = (reply: unknown) => void;

// Who waits for an answer, by the id of what was asked; it may be asked twice. It lives as long as the store object that the runtimes of
// one process share.
const asked = new WeakMap<StateStore, Map<string, Set<Waiter>>>();

/** Waits for the reply of a step to something that was caused by the event with this id; call `stop` when it is no longer wanted. */
export function waitFor(
  { store }: Runtime,
  id: string,
): { readonly reply: Promise<unknown>; readonly stop: () => void } {
  const waiters = asked.get(store) ?? new Map<string, Set<Waiter>>();
  asked.set(store, waiters);
  const mine = waiters.get(id) ?? new Set();
  waiters.set(id, mine);
  let waiter: Waiter = () => undefined;
  const reply = new Promise((resolve) => {
    waiter = resolve;
  });
  mine.add(waiter);
  const stop = () => {
    mine.delete(waiter);
    if (mine.size === 0 && waiters.get(id) === mine) waiters.delete(id);
  };
  return { reply, stop };
}

/** Passes a step's reply on to whoever asked the question that led to it. */
export function answerAsked(runtime: Runtime, { event, reply }: Applied): void {
  if (reply === undefined) return;
  const waiters = asked.get(runtime.store)?.get(event.correlationid ?? event.id) ?? [];
  for (const waiter of waiters) waiter(reply);
}
