import { log, loggedError } from '../app/telemetry.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { Outgoing, Publisher } from '../ports/publisher.ts';
import type { Runtime, Shadow } from '../ports/runtime.ts';
import {
  comparer,
  type CompareOptions,
  type Decided,
  type DecisionComparison,
  type Found,
} from './decisions.ts';

/** The decisions of the backend that is in charge, as they come in beside everything else. */
export interface ExistingDecisions extends CompareOptions {
  /** Which inputs they are: those of this `source`, or those for which this is `true`. They are compared and not handled. */
  readonly from: string | ((event: CloudEvent) => boolean);
  /** Sees each decision beside that of the other backend, once the window is over; at once if both are the same. */
  readonly found?: (found: Found) => void;
}

/** How an app watches; see `shadow`. */
export interface ShadowOptions {
  /** Sees every event that would have gone out, calls included: to be logged, and compared later. A double is seen again. */
  readonly decided?: (decision: Decided) => void;
  readonly existing?: ExistingDecisions;
  /** The types of calls that do no harm and are performed all the same: a classifier, not a push service. */
  readonly perform?: readonly string[];
}

/** An app that watches. */
export interface ShadowRun extends Shadow {
  /** What was compared so far by this process; with `now` (ms), what has waited long enough by then is settled first. */
  comparison(now?: number): DecisionComparison;
}

/**
 * Lets an app run and save beside the backend that is in charge, without effect on the world: the `shadow` of a runtime. Nothing is
 * published, no dead letter is written, no call is performed; leave it out again, and the app is in charge.
 *
 * The app's own handlers hear each other as ever, in this process. The comparison is in memory: where many processes share the work,
 * log what is `decided` and compare the logs with `compareDecisions`.
 *
 * @throws {HearthError} `invalid-option` for a window that is none, or existing decisions from nobody.
 */
export function shadow(options: ShadowOptions = {}): ShadowRun {
  const { decided, existing, perform = [] } = options;
  const compared = comparer(existing ?? {}, existing?.found);
  let last: Pick<Runtime, 'logger'> = {};
  const isTheirs = existing === undefined ? () => false : sourceOf(existing.from);
  // Why something was decided is known before it goes out; what never does is forgotten.
  const reasons = new Map<string, readonly string[]>();
  const take = (runtime: Runtime, { event }: Outgoing) => {
    const because = reasons.get(event.id);
    const now = runtime.clock.now();
    const one = { at: timeOf(event, now), event, ...(because === undefined ? {} : { because }) };
    if (existing !== undefined) attempt(runtime, () => compared.add('ours', one, now));
    attempt(runtime, () => decided?.(one));
  };
  return {
    hide(runtime) {
      last = runtime;
      return {
        ...runtime,
        publisher: nowhere((outgoing) => take(runtime, outgoing)),
        deadLetters: nowhere(() => undefined),
        calls: Object.fromEntries(
          Object.entries(runtime.calls ?? {}).filter(([type]) => perform.includes(type)),
        ),
        // What goes nowhere does not come back either.
        cascade: 'inline',
        observe(applied) {
          const { because, emitted } = applied;
          if (because !== undefined) for (const { id } of emitted) note(reasons, id, because);
          runtime.observe?.(applied);
        },
      };
    },
    takes(event, now) {
      if (!isTheirs(event)) return false;
      attempt(last, () => compared.add('theirs', { at: timeOf(event, now), event }, now));
      return true;
    },
    comparison(now) {
      if (now !== undefined) compared.until(now);
      return compared.result();
    },
  };
}

function sourceOf(from: ExistingDecisions['from']): (event: CloudEvent) => boolean {
  if (typeof from === 'function') return from;
  if (typeof from === 'string' && from !== '') return ({ source }) => source === from;
  const message = '"existing.from" must be the source of the existing backend, or a function.';
  throw new HearthError('invalid-option', message, { field: 'existing.from' });
}

function nowhere(see: (outgoing: Outgoing) => void): Publisher {
  return {
    ordered: true,
    async publish(events) {
      for (const outgoing of events) see(outgoing);
      return events.map(() => ({ outcome: 'published' }));
    },
  };
}

const remembered = 10_000;

function note(
  reasons: Map<string, readonly string[]>,
  id: string,
  because: readonly string[],
): void {
  reasons.set(id, because);
  const [oldest] = reasons.keys();
  if (reasons.size > remembered && oldest !== undefined) reasons.delete(oldest);
}

function timeOf({ time = '' }: CloudEvent, now: number): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? now : at;
}

/** Whoever watches the watcher must not stop it. */
function attempt(runtime: Pick<Runtime, 'logger'>, work: () => void): void {
  try {
    work();
  } catch (error) {
    log({ runtime: runtime as Runtime }, 'warn', loggedError(error), 'An observer threw.');
  }
}
