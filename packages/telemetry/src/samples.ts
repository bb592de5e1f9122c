import { HearthError } from '@hearth/core';
import type { EventDef, EventType, Incoming } from '@hearth/core';

/** Reads the value of an event; what gives none, or no finite number, is passed over. */
export type ValueOf<D> = (data: D, event: Incoming<string, D>) => number | null | undefined;

/** What is measured. */
export interface SampleOptions<D> {
  /** The events that carry values: `thermostat.events.temperature`. */
  readonly of: EventType<string, D>;
  readonly value: ValueOf<D>;
}

/** One measured value, and when (ms). */
export interface Sample {
  readonly value: number;
  readonly at: number;
}

/** The sample that an event carries, taken when the device says, else now. */
export function sampleOf<D>(
  { value: valueOf }: SampleOptions<D>,
  event: Incoming<string, D>,
  now: number,
): Sample | undefined {
  const value = valueOf(event.data, event);
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const at = event.time === undefined ? now : Date.parse(event.time);
  return { value, at: Number.isNaN(at) ? now : at };
}

/** Makes an event type one that only the part of this name emits. */
export function madeBy<T extends string, D>(name: string, event: EventDef<T, D>): EventDef<T, D> {
  return Object.assign(event, { madeBy: name });
}

/**
 * Refuses an option that is no whole number from `least` to `most`.
 *
 * @throws {HearthError} `invalid-definition`, with the option as `field`.
 */
export function assertWhole(
  owner: string,
  field: string,
  value: number,
  least: number,
  most: number,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const message = `"${owner}" needs a ${field} that is a whole number from ${least} to ${most}, not ${value}.`;
  throw new HearthError('invalid-definition', message, { field });
}
