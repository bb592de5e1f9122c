import { defineEvent, defineHandler } from '@hearth/core';
import type { EventDef, Incoming, Outcome, Part, Readable, Ref, StepInput } from '@hearth/core';
import { schemaOf } from './plain-schema.ts';
import { assertWhole, madeBy, sampleOf, type SampleOptions } from './samples.ts';
import { withSample, type Window } from './windows.ts';

/** The values of one window of time. */
export interface Aggregate {
  /** When the window begins, RFC 3339; every value of it was measured then or later. */
  readonly from: string;
  /** When it ends, RFC 3339; every value of it was measured before. */
  readonly until: string;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
  /** How many values came too late for their window, or from the future, since the last aggregate; absent if none did. */
  readonly dropped?: number;
}

/** How values are made fewer; see `downsample`. */
export interface DownsampleOptions<N extends string, D> extends SampleOptions<D> {
  /** The type of the event that is emitted for each window; also the name of the part: `com.acme.thermostat.temperature.hourly`. */
  readonly name: N;
  /** The length of a window in ms. */
  readonly everyMs: number;
  /** How long after its end a window waits for values that come late, in ms; as much may a device's clock be ahead. */
  readonly graceMs: number;
}

/** A part that makes values fewer. */
export interface Downsampling<N extends string> extends Part, Readable<OpenWindows> {
  readonly name: N;
  /** What is emitted for each window that had a value. */
  readonly aggregate: EventDef<N, Aggregate>;
  /** Names the record of one device. */
  ref(subject: string): Ref<OpenWindows>;
}

/** What is kept of one device. */
export interface OpenWindows {
  /** The windows that are not closed yet, in the order of time. */
  readonly windows: readonly Window[];
  readonly dropped: number;
}

// A record has about 100 bytes for each.
const mostOpen = 100;

/**
 * Makes one event of the values of a device in each window of time: their minimum, maximum, mean and number.
 *
 * A value belongs to the window in which its event's `time` lies, whenever it comes. A window closes `graceMs` after its end, by a timer,
 * and is emitted once, with an id that is the same however often it is tried; a value that comes later is dropped and counted in the next one. Windows begin at
 * multiples of `everyMs` since the epoch, so days are days in UTC. A doubled event counts once, as far as the record's inbox reaches.
 *
 * @throws {HearthError} `invalid-definition` for a length or a grace that is not whole milliseconds, or if more than 100 windows could be
 * open at once.
 */
export function downsample<const N extends string, D>(
  options: DownsampleOptions<N, D>,
): Downsampling<N> {
  const { name, everyMs, graceMs } = options;
  assertWhole(name, 'everyMs', everyMs, 1, 1e12);
  // Open are those that wait, the present one, and those that a clock is ahead.
  assertWhole(name, 'graceMs', graceMs, 0, (everyMs * (mostOpen - 2)) / 2);
  const aggregate = madeBy(name, defineEvent(name, schemaOf<Aggregate>(shape)));
  const over = madeBy(name, defineEvent(`${name}.over`, schemaOf<object>({})));
  const record = defineHandler({
    name,
    state: schemaOf<OpenWindows>({ windows: 'array', dropped: 'number' }),
    initial: { windows: [], dropped: 0 },
  })
    .on(options.of, (input): Outcome<OpenWindows> => take(options, over, input))
    .on(over, (input): Outcome<OpenWindows> => close(options, { aggregate, over }, input));
  return {
    name,
    aggregate,
    record,
    view: record.view,
    handlers: [record],
    defines: [...record.defines, aggregate],
    makes: [name],
    ref: (subject) => record.ref(subject),
  };
}

const shape = {
  from: 'string',
  until: 'string',
  min: 'number',
  max: 'number',
  mean: 'number',
  count: 'number',
  'dropped?': 'number',
} as const;

type Times = Pick<DownsampleOptions<string, unknown>, 'everyMs' | 'graceMs'>;
type Over = EventDef<string, object>;
type Input<D> = StepInput<OpenWindows, Incoming<string, D>, unknown>;

/** When a window closes (ms). */
const endOf = ({ start }: Window, { everyMs, graceMs }: Times): number => start + everyMs + graceMs;

function take<D>(
  options: DownsampleOptions<string, D>,
  over: Over,
  { state, event, now }: Input<D>,
): Outcome<OpenWindows> {
  const sample = sampleOf(options, event, now);
  if (sample === undefined) return {};
  const { everyMs, graceMs } = options;
  const windows = withSample(state.windows, sample, everyMs);
  const isOver = Math.floor(sample.at / everyMs) * everyMs + everyMs + graceMs <= now;
  if (isOver || sample.at > now + graceMs)
    return { state: { ...state, dropped: state.dropped + 1 } };
  return { state: { ...state, windows }, ...timerOf(options, over, state.windows, windows, event) };
}

/** The timer of the window that closes first, if that is another one than before. */
function timerOf(
  times: Times,
  over: Over,
  before: readonly Window[],
  [first]: readonly Window[],
  { subject, partitionkey }: Incoming,
): Pick<Outcome, 'timers'> {
  if (first === undefined || first.start === before[0]?.start) return {};
  const event = over(subject, {}, partitionkey === undefined ? {} : { partition: partitionkey });
  return { timers: [{ key: 'over', at: endOf(first, times), event }] };
}

function close(
  times: Times,
  { aggregate, over }: { readonly aggregate: EventDef<string, Aggregate>; readonly over: Over },
  { state, event, now }: Input<object>,
): Outcome<OpenWindows> {
  const isOver = (one: Window) => endOf(one, times) <= now;
  const emit = state.windows.filter(isOver).map((one, index) =>
    aggregate(event.subject, aggregateOf(one, times, index === 0 ? state.dropped : 0), {
      key: `${one.start}`,
    }),
  );
  if (emit.length === 0) return {};
  const windows = state.windows.filter((one) => !isOver(one));
  return {
    state: { windows, dropped: 0 },
    emit,
    ...timerOf(times, over, state.windows, windows, event),
  };
}

function aggregateOf(window: Window, { everyMs }: Times, dropped: number): Aggregate {
  const { start, ...values } = window;
  const from = new Date(start).toISOString();
  const until = new Date(start + everyMs).toISOString();
  return { from, until, ...values, ...(dropped === 0 ? {} : { dropped }) };
}
