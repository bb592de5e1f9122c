/** Questions to the broker whether it has read what was written to it. */
export interface Fences {
  /** How many have no answer yet. */
  readonly waiting: number;
  /**
   * Asks, by `ping`: resolves once the broker has answered that it is there, and so has read everything written before, because it
   * reads in order. Rejects when the connection ends first.
   */
  pass(ping: () => void): Promise<void>;
  /** A ping was sent, whoever wanted it. */
  sent(): void;
  /** An answer came; they come in the order of the pings. */
  heard(): void;
  /** The connection has ended. */
  close(): void;
}

interface Fence {
  readonly ping: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const unanswered = new Error('The connection to the broker ended before it answered.');

/** Counts pings and their answers on a connection that comes and goes. */
export function fences(): Fences {
  let waiting: Fence[] = [];
  let pings = 0;
  let answers = 0;
  return {
    get waiting() {
      return waiting.length;
    },
    pass: (ping) =>
      new Promise((resolve, reject) => {
        ping();
        waiting.push({ ping: pings, resolve, reject });
      }),
    sent() {
      pings += 1;
    },
    heard() {
      answers += 1;
      while ((waiting[0]?.ping ?? Infinity) <= answers) waiting.shift()?.resolve();
    },
    close() {
      const lost = waiting;
      waiting = [];
      pings = 0;
      answers = 0;
      for (const { reject } of lost) reject(unanswered);
    },
  };
}
