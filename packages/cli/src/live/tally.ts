import {
  isHearthError,
  type Answered,
  type Applied,
  type App,
  type CloudEvent,
} from '@hearth/core';
import { kindsOf } from './kinds.ts';
import { latency } from './latency.ts';

/** What happened in a run, in figures. */
export interface Summary {
  /** Reports of devices that were handled; a doubled one counts once. */
  readonly readings: number;
  /** Everything else that came in and was handled: reports about homes, acknowledged wishes, bindings. */
  readonly others: number;
  /** Times that a rule fired. */
  readonly decisions: number;
  /** Everything that devices were told: wishes and momentary commands. */
  readonly commands: number;
  /** The wishes among them. */
  readonly wishes: number;
  readonly rejected: number;
  readonly retried: number;
  readonly duplicates: number;
  /** From the instant at which a device published (or says in `time` that it did) to the verdict, ms; 0 where none is known. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly seconds: number;
}

/** Counts what happens. */
export interface Tally {
  /** A step was applied and saved. */
  applied(applied: Applied): void;
  /** An event is on its way: from now on its latency is measured. */
  published(id: string): void;
  /** An input got its verdict. */
  answered(answered: Answered): void;
  summary(): Summary;
}

const mostUnderWay = 100_000;

/** Begins to count. `now` gives ms since the epoch, with fractions. */
export function tally(app: App, now: () => number): Tally {
  const kindOf = kindsOf(app);
  const begun = now();
  const durations = latency();
  const underWay = new Map<string, number>();
  const counts = { readings: 0, others: 0, decisions: 0, commands: 0, wishes: 0 };
  const verdicts = { rejected: 0, retried: 0, duplicates: 0 };
  return {
    applied({ because, emitted }) {
      if (because !== undefined) counts.decisions += 1;
      for (const { type } of emitted) {
        const kind = kindOf(type);
        if (kind === 'wish') counts.wishes += 1;
        if (kind === 'wish' || kind === 'command') counts.commands += 1;
      }
    },
    published(id) {
      // What is never answered must not be remembered for ever.
      if (underWay.size >= mostUnderWay) underWay.clear();
      underWay.set(id, now());
    },
    answered({ event, principal, verdict, duplicate }) {
      if (verdict === 'rejected') verdicts.rejected += 1;
      if (verdict === 'retry') verdicts.retried += 1;
      if (duplicate === true) verdicts.duplicates += 1;
      if (verdict === 'retry' || isHearthError(event)) return;
      const since =
        underWay.get(event.id) ??
        (principal.kind === 'device' ? recentInstant(event, now()) : undefined);
      if (since !== undefined) durations.add(now() - since);
      underWay.delete(event.id);
      if (verdict !== 'done' || duplicate === true) return;
      counts[kindOf(event.type) === 'reading' ? 'readings' : 'others'] += 1;
    },
    summary: () => ({
      ...counts,
      ...verdicts,
      p50Ms: rounded(durations.quantile(0.5)),
      p99Ms: rounded(durations.quantile(0.99)),
      seconds: rounded((now() - begun) / 1000),
    }),
  };
}

const recentMs = 60_000;

/** When a device says that it spoke, if that is likely: an event of long ago was recorded, not slow. */
function recentInstant({ time }: CloudEvent, now: number): number | undefined {
  const at = Date.parse(time ?? '');
  return at <= now && now - at < recentMs ? at : undefined;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
