import type { Handled, Input } from '@hearth/core';
import { lanes, type Backoff, type Taken } from './lanes.ts';

/** A message in hand. */
export interface InHand {
  readonly input: Input;
  readonly bytes: number;
  /** Counts messages as they came. */
  readonly serial: number;
}

/** What became of messages so far. */
export interface Tally {
  /** Messages that were answered, by verdict; one that is tried again counts as `retry` each time. */
  done: number;
  rejected: number;
  retry: number;
  /** Batches that were handled. */
  batches: number;
}

/** How batches are made and what is done with them. */
export interface BatchOptions<T extends InHand> {
  readonly handle: (inputs: readonly Input[]) => Promise<readonly Handled[]>;
  /** The message is done or rejected: it may be acknowledged. */
  readonly settle: (message: T) => void;
  /** The message is to be tried again after a while; `false` if it is not, because it comes again by itself. */
  readonly postpone: (message: T) => boolean;
  /** A batch has ended, and there may be room for more. */
  readonly ended: () => void;
  /** How many messages of a key may be handled now. */
  readonly room: (key: string) => number;
  readonly mostMessages: number;
  readonly backoff: Backoff;
}

/** The messages in hand, on their way through `handle`. */
export interface Batches<T extends InHand> {
  readonly tally: Readonly<Tally>;
  /** Messages in hand, and their bytes. */
  readonly messages: number;
  readonly bytes: number;
  add(key: string, message: T): void;
  /** Lets go of those messages that match and are not being handled. */
  drop(matches: (message: T) => boolean): void;
  /** There is room again for a key that had none. */
  goOn(): void;
  /** Resolves when nothing is being handled and nothing more can be: what is held back stays undone. */
  drain(): Promise<void>;
}

// One batch at a time keeps writes of one record together. One that takes longer waits for something slow, and others go on beside it.
const slowMs = 100;
const mostAtOnce = 4;

/** Hands messages to the app, as many at once as have come meanwhile; those of one key in order. */
export function batches<T extends InHand>(options: BatchOptions<T>): Batches<T> {
  const { mostMessages, backoff, ended } = options;
  const waiting = lanes<T>(backoff);
  const tally: Tally = { done: 0, rejected: 0, retry: 0, batches: 0 };
  const inHand = { messages: 0, bytes: 0 };
  let running = 0;
  let slow = 0;
  let planned: NodeJS.Immediate | undefined;
  let alarm: NodeJS.Timeout | undefined;
  let drained: (() => void) | undefined;

  const plan = () => {
    // What has come with this message is parsed first, so that it shares its batch.
    planned ??= setImmediate(begin);
  };
  const begin = () => {
    planned = undefined;
    const isFree = running <= slow && running < mostAtOnce;
    const taken = isFree ? waiting.take(mostMessages, Date.now(), options.room) : [];
    if (taken.length > 0) void work(taken);
    wait();
  };
  const wait = () => {
    clearTimeout(alarm);
    if (running === 0) drained?.();
    const { nextAt } = waiting;
    if (nextAt !== undefined && drained === undefined) {
      alarm = setTimeout(plan, Math.max(1, nextAt - Date.now()));
    }
  };
  const work = async (taken: readonly Taken<T>[]) => {
    running += 1;
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      slow += 1;
      plan();
    }, slowMs);
    const messages = inOrder(taken);
    const handled = await options.handle(messages.map(({ input }) => input));
    clearTimeout(timer);
    if (isSlow) slow -= 1;
    running -= 1;
    waiting.done(taken, answer(messages, handled), Date.now());
    plan();
    ended();
  };
  const answer = (messages: readonly T[], handled: readonly Handled[]): ReadonlySet<T> => {
    const again = new Set<T>();
    tally.batches += 1;
    messages.forEach((message, index) => {
      const { verdict } = handled[index] ?? { verdict: 'retry' };
      tally[verdict] += 1;
      if (verdict === 'retry' && options.postpone(message)) {
        again.add(message);
        return;
      }
      forget(message);
      if (verdict !== 'retry') options.settle(message);
    });
    return again;
  };
  const forget = ({ bytes }: T) => {
    inHand.messages -= 1;
    inHand.bytes -= bytes;
  };
  return {
    tally,
    get messages() {
      return inHand.messages;
    },
    get bytes() {
      return inHand.bytes;
    },
    add(key, message) {
      inHand.messages += 1;
      inHand.bytes += message.bytes;
      waiting.add(key, message);
      plan();
    },
    drop(matches) {
      for (const message of waiting.remove(matches)) forget(message);
    },
    goOn: plan,
    drain: () =>
      new Promise((resolve) => {
        drained = resolve;
        plan();
      }),
  };
}

function inOrder<T extends InHand>(taken: readonly Taken<T>[]): readonly T[] {
  const messages = taken.flatMap(({ items }) => items);
  return taken.length === 1 ? messages : messages.toSorted((a, b) => a.serial - b.serial);
}
