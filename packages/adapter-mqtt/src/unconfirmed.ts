/**
 * How many messages of one key may be answered while nobody knows whether the broker has heard of it. If the connection or the process
 * ends, it sends all of them again, and they must still be in the inbox of their record: that holds 64, others included.
 */
const most = 32;

/** Counts, by key, the messages whose acknowledgements may be lost. */
export interface Unconfirmed {
  /** How many more messages of a key may be handled now. If there is no room, the broker is asked for some. */
  room(key: string): number;
  /** A message of a key was answered for good. */
  answered(key: string): void;
  /** A new connection: what the broker has not heard of comes again before anything new does. */
  reset(): void;
}

/** `confirm` resolves once the broker has all acknowledgements; then there is room again. */
export function unconfirmed(confirm: () => Promise<void>, hasRoom: () => void): Unconfirmed {
  let asked = new Map<string, number>();
  let since = new Map<string, number>();
  let question: object | undefined;
  const ask = async () => {
    const mine = (question = {});
    // In both maps until the answer: only those that were answered before the question are confirmed by it.
    asked = since;
    since = new Map();
    await confirm();
    if (question !== mine) return;
    question = undefined;
    asked = new Map();
    hasRoom();
  };
  const reset = () => {
    question = undefined;
    asked = new Map();
    since = new Map();
  };
  return {
    room(key) {
      const left = most - (asked.get(key) ?? 0) - (since.get(key) ?? 0);
      // Without an answer the connection has ended, and the next one begins anew.
      if (left <= 0 && question === undefined) ask().catch(() => undefined);
      return left;
    },
    answered(key) {
      since.set(key, (since.get(key) ?? 0) + 1);
      if (since.size > 10_000 && question === undefined) ask().catch(() => undefined);
    },
    reset,
  };
}
