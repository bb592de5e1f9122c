import type { Sample } from './samples.ts';

/** What a window holds of its samples. */
export interface Window {
  /** When it begins (ms); windows begin at multiples of their length since the epoch. */
  readonly start: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
}

/** Adds a sample to the window it belongs to, which is opened if need be; windows are in the order of time. */
export function withSample(
  windows: readonly Window[],
  { value, at }: Sample,
  everyMs: number,
): readonly Window[] {
  const start = Math.floor(at / everyMs) * everyMs;
  const index = windows.findIndex((one) => one.start >= start);
  const found = windows[index];
  if (found?.start === start) return windows.with(index, grown(found, value));
  const opened: Window = { start, min: value, max: value, mean: value, count: 1 };
  return windows.toSpliced(index === -1 ? windows.length : index, 0, opened);
}

function grown({ start, min, max, mean, count }: Window, value: number): Window {
  const next = count + 1;
  return {
    start,
    min: Math.min(min, value),
    max: Math.max(max, value),
    // Divided first: a sum, or a difference, could be larger than any number.
    mean: mean + (value / next - mean / next),
    count: next,
  };
}
