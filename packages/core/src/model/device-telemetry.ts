import { isDocument } from '../twin/document.ts';
import type { DeviceTwin } from './device-twin.ts';
import type { EventDef, Incoming } from './event.ts';
import type { Outcome, StepInput } from './handler.ts';
import type { Schema } from './schema.ts';
import { schemaOf, wrong } from './twin-schemas.ts';

/** A reading that is passed on for a time series. */
export interface Sample<N extends string = string, D = unknown> {
  /** Which telemetry it is. */
  readonly name: N;
  /** When it was measured, as the device says (RFC 3339, UTC); else when it came. */
  readonly at: string;
  readonly values: D;
}

/** The schema of samples. What was measured has been checked when it came. */
export const telemetrySchema: Schema<Sample> = schemaOf<Sample>((value) => {
  if (isDocument(value)) return { value: value as unknown as Sample };
  return wrong('must be an object');
});

/** Passes a reading on, and changes nothing. Its time is that of the measurement, so that a late one has its place. */
export function passOn(
  telemetry: EventDef,
  name: string,
  { state, event, now }: StepInput<DeviceTwin, Incoming<string, never>, unknown>,
): Outcome<DeviceTwin> {
  const { subject, data: values, time } = event;
  const measured = Date.parse(time ?? '');
  const at = new Date(Number.isNaN(measured) ? now : measured).toISOString();
  return { emit: telemetry(subject, { name, at, values }, { partition: state.home ?? subject }) };
}
