/** What a worker is told: where its broker and its store are, and when the run began (ms). */
export interface Job {
  readonly url: string;
  readonly file: string;
  readonly startedAt: number;
}

/** The session of the workers, one after the other. */
export const workerId = 'worker';

/**
 * The instant that the app's clock shows all the time. What a run says must not depend on when it ran, or two runs could not be
 * compared byte by byte. Only the sweeper's clock goes on.
 */
export const standstill = Date.UTC(2026, 0, 1);

/** Where the app publishes; one topic for all that is about one subject. */
export const out = 'out/{subject}';
