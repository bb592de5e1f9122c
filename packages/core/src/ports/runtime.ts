import type { CloudEvent } from '../event/cloud-event.ts';
import type { HearthError } from '../event/error.ts';
import type { Principal, SpeaksFor } from './principal.ts';
import type { Publisher } from './publisher.ts';
import type { StateStore } from './state-store.ts';
import type { Tracing } from './tracing.ts';

/** Time, as a runtime gives it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
  /** Runs `work` with a signal that aborts after `ms`; rejects with `timeout` if it has not ended by then. */
  within<T>(ms: number, work: (signal: CallSignal) => Promise<T>): Promise<T>;
}

/** The platform's `AbortSignal` where its types are known, else the part of it that matters here. */
export type CallSignal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : { readonly aborted: boolean };

/** Any object with pino's five methods. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

/** What a call function gets besides the request. */
export interface CallFunctionOptions {
  /** The same on every attempt, so that the other side can recognise a repetition. */
  readonly idempotencyKey: string;
  /** What the call is about. */
  readonly subject: string;
  /** Aborts when the time of the attempt is over. */
  readonly signal: CallSignal;
}

/** Performs a call: resolves with its result. */
export type CallFunction = (request: never, options: CallFunctionOptions) => Promise<unknown>;

/** One step that was applied and saved, as an observer sees it: the raw material of live views, traces and tests. */
export interface Applied {
  readonly handler: string;
  readonly subject: string;
  readonly event: CloudEvent;
  readonly now: number;
  readonly principal: Principal;
  /** What the step read besides its own record. */
  readonly reads?: unknown;
  readonly emitted: readonly CloudEvent[];
  readonly because?: readonly string[];
  readonly rejected?: string;
  readonly reply?: unknown;
  /** The questions that `reply` answers, if others than that which led here. */
  readonly replyTo?: readonly string[];
}

/** One input with its verdict, as an observer sees it: inputs that changed nothing, doubles and refusals among them. */
export interface Answered {
  /** What came, or why it could not be read. */
  readonly event: CloudEvent | HearthError;
  readonly principal: Principal;
  readonly verdict: 'done' | 'rejected' | 'retry';
  /** Why it was rejected or must be retried. */
  readonly code?: string;
  readonly message?: string;
  readonly duplicate?: true;
}

/** What stands between an app and the world while the app only watches what another backend does. */
export interface Shadow {
  /** A runtime like this one whose outputs go nowhere. */
  hide(runtime: Runtime): Runtime;
  /** Whether an input is a decision of the other backend: it is taken here, and the app does not handle it. */
  takes(event: CloudEvent, now: number): boolean;
}

/**
 * Everything `handle` needs from outside. Only `store`, `publisher` and `clock` are required.
 */
export interface Runtime {
  readonly store: StateStore;
  readonly publisher: Publisher;
  readonly clock: Clock;
  /** Takes what was rejected or could not be delivered; `publisher` when absent. */
  readonly deadLetters?: Publisher;
  /** The functions behind calls, by call type. A call without one is published for a runtime that has it. */
  readonly calls?: Readonly<Record<string, CallFunction>>;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
  /** Counts, by the names of the observability reference (`received`, `duplicate`, `conflict`, …). */
  readonly count?: (
    name: string,
    by: number,
    attributes?: Readonly<Record<string, string>>,
  ) => void;
  /** A number in [0, 1) for jitter; 0.5 when absent. */
  readonly random?: () => number;
  /** `true` if something calls `sweep` regularly: then a saved input is `done` although its outputs are still on their way. */
  readonly sweep?: boolean;
  /** The instant (ms) after which no new input is begun. Half a second later everything is answered, whoever does not answer us. */
  readonly deadline?: number;
  /**
   * How long one operation of the store or a publisher may take (ms), 30,000 unless given; it ends sooner at the deadline. What was not
   * answered in time may have happened: a save is looked for, an event is published again.
   */
  readonly portTimeoutMs?: number;
  /** Whether own subscribers of an emitted event are run at once (`inline`, the default) or get it from the bus. */
  readonly cascade?: 'inline' | 'bus';
  /**
   * Asks the host for a precise wake-up at `at` (ms); without it timers wait for the next sweep. A promise is waited for, a second at most,
   * before `handle` answers, since a function may be frozen once it has. A failure makes timers late and nothing else.
   */
  readonly wake?: (at: number) => void | Promise<void>;
  readonly speaksFor?: SpeaksFor;
  /** Where this runtime is. Events of homes that belong elsewhere are refused (`wrong-region`) before anything of them is saved or logged. */
  readonly region?: string;
  /**
   * Tells, at once, where a subject belongs; `undefined` if it does not know, and then the records of the app are asked (see `residence` of
   * `@hearth/core/privacy`). What nobody knows anything of is taken.
   */
  readonly regionOf?: (subject: string) => string | undefined;
  /** Sees every applied step after its save. Must not throw; what it throws is logged. */
  readonly observe?: (applied: Applied) => void;
  /** Sees every input with its verdict, just before `handle` gives it. Must not throw; what it throws is logged. */
  readonly answered?: (answered: Answered) => void;
  /** Runs and saves, but publishes nothing and performs no calls; made by `shadow` of `@hearth/core/adopt`. */
  readonly shadow?: Shadow;
  /**
   * How long (ms) an output that cannot be delivered is tried before it becomes a dead letter, and at least 50 times; a day when absent.
   */
  readonly giveUpAfterMs?: number;
  /** The age (ms) up to which the host may deliver an input again; forgetting a younger one is counted as `seen_overflow`. */
  readonly redeliveryAgeMs?: number;
}
