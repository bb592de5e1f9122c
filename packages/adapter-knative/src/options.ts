import type { Principal, Runtime } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import type { ReplyType, Webhook, WhenRejected } from '@hearth/core/trigger';
import type { Authenticate } from './auth.ts';

/**
 * How requests are taken. `store` and `publisher` are required; clock, logger and traces are those of Node.js unless given, and everything
 * else of the runtime is as `handle` has it.
 */
export interface KnativeOptions
  extends
    Pick<Runtime, 'store' | 'publisher'>,
    Partial<Omit<Runtime, 'deadline' | 'store' | 'publisher'>> {
  /**
   * Who is speaking: a function of the request's head (`bearer`, `trustedHeader`, `sharedToken` or your own), or one principal for
   * everybody who can reach the port, which is right only behind something that lets in nobody else. Without it everybody is anonymous,
   * and speaks for nothing.
   */
  readonly authenticate?: Principal | Authenticate;
  /** Whether batches (`application/cloudevents-batch+json`) are taken; no, unless asked for. `limits.maxBatch` bounds them. */
  readonly batch?: boolean;
  /** Whether bodies compressed with gzip, deflate or brotli are taken; no, unless asked for. */
  readonly compressed?: boolean;
  /** What a rejected event is answered with: `accept` (the default) or `refuse`, for a broker that has a dead-letter sink. */
  readonly rejected?: WhenRejected;
  /** What a request may cost; those of the codec unless given, and 1 MiB for a body. */
  readonly limits?: Partial<Limits>;
  /** The type of a reply event; that of the event with `.reply` after it, unless given. */
  readonly replyType?: ReplyType;
  /** Answers the webhook handshake; without it OPTIONS is not allowed. */
  readonly webhook?: Webhook;
  /** Requests in progress at once; one more is answered with 429. 1,000 unless given. */
  readonly maxRequests?: number;
  /** How long a request may take (ms): after it nothing new is begun, and a second later it is answered with 503. 25,000 unless given. */
  readonly deadlineMs?: number;
}
