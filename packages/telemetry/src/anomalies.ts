import { HearthError, defineEvent, defineHandler } from '@hearth/core';
import type { EventDef, Incoming, Outcome, Part, Readable, Ref, StepInput } from '@hearth/core';
import { baselineOf } from './baseline.ts';
import { schemaOf } from './plain-schema.ts';
import { assertWhole, madeBy, sampleOf, type Sample, type SampleOptions } from './samples.ts';

/** A value that is not usual. */
export interface Unusual {
  readonly value: number;
  /** How many standard deviations it is from what is usual; below zero if it is less. */
  readonly score: number;
}

/** A device has begun to measure what is not usual for it. */
export interface Began extends Unusual {
  /** When the first of these values was measured, RFC 3339. */
  readonly from: string;
  /** What is usual: the median of the values before. */
  readonly expected: number;
}

/** A device measures what is usual again, or what is usual has changed. */
export interface Ended {
  readonly from: string;
  /** When the value was measured that ended it, RFC 3339. */
  readonly until: string;
  /** The value that was farthest from what is usual. */
  readonly worst: Unusual;
  /** How many values were not usual. */
  readonly count: number;
  /** `usual`: the values are as before. `learnt`: they have been otherwise for so long that this is usual now. */
  readonly reason: 'usual' | 'learnt';
}

/** How anomalies are found; see `anomalies`. */
export interface AnomalyOptions<N extends string, D> extends SampleOptions<D> {
  /** Begins the types of the events, and is the name of the part: `com.acme.pump.vibration.anomaly`. */
  readonly name: N;
  /** The smallest difference that means anything, in the unit of the values: the step of the sensor, or more. */
  readonly resolution: number;
  /** From how many standard deviations on a value is unusual: 5 unless given. */
  readonly threshold?: number;
  /** How many of the last usual values tell what is usual: 60 unless given, 1,000 at most. Until half of them are there nothing is unusual. */
  readonly window?: number;
  /** How many unusual values in a row begin an anomaly: 3 unless given. */
  readonly beginAfter?: number;
  /** How many usual values in a row end it: 3 unless given. */
  readonly endAfter?: number;
  /** After how many unusual values in a row they are the usual ones; never unless given. */
  readonly learnAfter?: number;
}

/** A part that finds anomalies. */
export interface Anomalies<N extends string> extends Part, Readable<Watched> {
  readonly name: N;
  readonly began: EventDef<`${N}.began`, Began>;
  readonly ended: EventDef<`${N}.ended`, Ended>;
  /** Names the record of one device. */
  ref(subject: string): Ref<Watched>;
}

/** What is kept of one device. */
export interface Watched {
  /** The last usual values, the newest last. */
  readonly usual: readonly number[];
  /** When the last value was measured (ms). */
  readonly at: number | null;
  /** The unusual values that have come, until there are enough usual ones again. */
  readonly unusual: Run | null;
}

/** Unusual values, one after the other. */
interface Run {
  readonly status: 'suspected' | 'begun';
  readonly from: number;
  readonly worst: Unusual;
  readonly count: number;
  /** How many unusual values came in a row, and how many usual ones after them. */
  readonly inARow: number;
  readonly usualSince: number;
}

/**
 * Finds out when a device measures what is not usual for it, for a motor that begins to shake or a battery that gets weak.
 *
 * Usual is what is near the median of the last values, by their median distance from it, so that outliers do not change what is usual;
 * while an anomaly lasts, unusual values do not change it either. One event tells when it begins and one when it ends. Values are taken in the order in which they were
 * measured: one that comes after a newer one is passed over. What is kept of a device is bounded by `window`.
 *
 * @throws {HearthError} `invalid-definition` for an option that is out of range.
 */
export function anomalies<const N extends string, D>(options: AnomalyOptions<N, D>): Anomalies<N> {
  const rules = rulesOf(options);
  const { name } = options;
  const usual = schemaOf<Began>({
    from: 'string',
    expected: 'number',
    value: 'number',
    score: 'number',
  });
  const began = madeBy(name, defineEvent(`${name}.began`, usual));
  const ended = madeBy(name, defineEvent(`${name}.ended`, schemaOf<Ended>(endedShape)));
  const record = defineHandler({
    name,
    state: schemaOf<Watched>({ usual: 'array' }),
    initial: { usual: [], at: null, unusual: null },
  }).on(options.of, ({ state, event, now }: Input<D>): Outcome<Watched> => {
    const sample = sampleOf(options, event, now);
    // A clock that is ahead must not keep out what comes after it.
    const at = Math.min(sample?.at ?? now, now);
    if (sample === undefined || (state.at !== null && at < state.at)) return {};
    const { begins, ends, ...next } = look(rules, state, { ...sample, at });
    const emit = [
      ...(begins === undefined ? [] : [began(event.subject, begins)]),
      ...(ends === undefined ? [] : [ended(event.subject, ends)]),
    ];
    return { state: { ...next, at }, emit };
  });
  return {
    name,
    began,
    ended,
    record,
    view: record.view,
    handlers: [record],
    defines: [...record.defines, began, ended],
    makes: [name],
    ref: (subject) => record.ref(subject),
  };
}

type Input<D> = StepInput<Watched, Incoming<string, D>, unknown>;

const endedShape = {
  from: 'string',
  until: 'string',
  worst: { value: 'number', score: 'number' },
  count: 'number',
  reason: 'string',
} as const;

interface Rules {
  readonly resolution: number;
  readonly threshold: number;
  readonly window: number;
  readonly beginAfter: number;
  readonly endAfter: number;
  readonly learnAfter: number;
}

function rulesOf(options: Omit<AnomalyOptions<string, never>, 'of' | 'value'>): Rules {
  const { name, resolution, threshold = 5, window = 60, learnAfter = Infinity } = options;
  const { beginAfter = 3, endAfter = 3 } = options;
  for (const [field, value] of Object.entries({ resolution, threshold })) {
    if (Number.isFinite(value) && value > 0) continue;
    const message = `"${name}" needs a ${field} above 0, not ${value}.`;
    throw new HearthError('invalid-definition', message, { field });
  }
  assertWhole(name, 'window', window, 4, 1000);
  assertWhole(name, 'beginAfter', beginAfter, 1, 1e6);
  assertWhole(name, 'endAfter', endAfter, 1, 1e6);
  if (learnAfter !== Infinity) assertWhole(name, 'learnAfter', learnAfter, beginAfter, 1e9);
  return { resolution, threshold, window, beginAfter, endAfter, learnAfter };
}

interface Seen extends Watched {
  readonly begins?: Began;
  readonly ends?: Ended;
}

function look(rules: Rules, state: Watched, { value, at }: Sample): Seen {
  const { usual, unusual } = state;
  const learnt = [...usual, value].slice(-rules.window);
  if (usual.length < rules.window / 2) return { ...state, usual: learnt };
  const { expected, spread } = baselineOf(usual);
  const score = bounded((value - expected) / Math.max(spread, rules.resolution));
  if (Math.abs(score) < rules.threshold) return asUsual(rules, { ...state, usual: learnt }, at);
  const one = { value, score };
  const run: Run =
    unusual === null
      ? { status: 'suspected', from: at, worst: one, count: 1, inARow: 1, usualSince: 0 }
      : {
          ...unusual,
          worst: Math.abs(score) > Math.abs(unusual.worst.score) ? one : unusual.worst,
          count: unusual.count + 1,
          inARow: unusual.inARow + 1,
          usualSince: 0,
        };
  if (run.inARow >= rules.learnAfter)
    return { ...state, usual: [value], unusual: null, ...endOf(run, at, 'learnt') };
  if (run.status === 'begun' || run.inARow < rules.beginAfter) return { ...state, unusual: run };
  const begins = { from: isoOf(run.from), expected, ...run.worst };
  return { ...state, unusual: { ...run, status: 'begun' }, begins };
}

function asUsual(rules: Rules, state: Watched, at: number): Seen {
  const { unusual } = state;
  if (unusual === null || unusual.status === 'suspected') return { ...state, unusual: null };
  const run = { ...unusual, inARow: 0, usualSince: unusual.usualSince + 1 };
  if (run.usualSince < rules.endAfter) return { ...state, unusual: run };
  return { ...state, unusual: null, ...endOf(run, at, 'usual') };
}

function endOf({ status, from, worst, count }: Run, at: number, reason: Ended['reason']) {
  if (status === 'suspected') return {};
  return { ends: { from: isoOf(from), until: isoOf(at), worst, count, reason } };
}

const isoOf = (at: number): string => new Date(at).toISOString();

// A difference of huge values may be beyond all numbers, which JSON has not.
const bounded = (score: number): number => Math.max(-1e9, Math.min(1e9, score));
