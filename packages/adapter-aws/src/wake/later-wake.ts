/**
 * Asks for a wake-up beyond what a queue can delay, `earlyMs` ahead of time at most: who is woken early asks the queue for the rest.
 * `schedulerWake` gives one.
 */
export type LaterWake = (at: number, earlyMs?: number) => Promise<void>;
