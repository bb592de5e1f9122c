import { HearthError } from '../event/error.ts';
import { bound } from './binding.ts';
import { eventDef, type EventDef, type EventType } from './event.ts';
import { anything, assertJson, partial, shapeOf, type Schema } from './schema.ts';

type Values = Readonly<Record<string, unknown>>;

/** The event types of a device or home, by name. */
export type Events = Readonly<Record<string, EventDef>>;

/** A report, whatever its data. */
export interface LooseReport {
  readonly data: Schema;
  readonly apply: (
    data: never,
    set: (patch: Values) => { readonly patch: Values },
    state: Values,
  ) => { readonly patch: Values };
}

/** A device's description, whatever its properties. */
export interface LooseDevice {
  readonly type: string;
  readonly state: Schema<Values>;
  readonly initial: Values;
  readonly writable?: Schema<Values>;
  readonly reports?: Readonly<Record<string, LooseReport>>;
  readonly commands?: Readonly<
    Record<string, { readonly data: Schema; readonly expiresMs: number }>
  >;
  readonly version?: number;
  readonly migrate?: Readonly<Record<number, (state: never) => unknown>>;
  readonly formerly?: string;
  readonly tags?: (state: never) => Readonly<Record<string, string>>;
}

const nothing = { ...anything, shape: {} } as Schema<Values>;

/** The event types of a device: its reports, and those that every device has. */
export function deviceEvents(device: LooseDevice): Events {
  const { type, state, writable = nothing, reports = {} } = device;
  const patch = partial(state);
  const own: Readonly<Record<string, Schema>> = {
    set: partial(writable, { removable: true, unknown: 'is not writable' }),
    reported: patch,
    imported: patch,
    changed: state,
    desired: anything,
    left: bound.data,
  };
  assertNames(device, own);
  assertWritable(device);
  const said = Object.entries(reports).map(([name, { data }]) => [name, data] as const);
  return Object.fromEntries(
    [...said, ...Object.entries(own)].map(([name, data]) => {
      const event = eventDef({ type: `${type}.${name}`, data, older: [], ...natureOf(type, name) });
      return [name, event] as const;
    }),
  );
}

/** Who says an event of a device: its own record, others, or else the device itself. */
function natureOf(type: string, name: string): Partial<EventType> {
  if (name === 'changed' || name === 'left') return { quiet: true, madeBy: type };
  if (name === 'desired') return { madeBy: type };
  if (name === 'imported') return { from: ['app', 'service'] };
  return name === 'set' ? {} : { unplaced: true };
}

function refuse(message: string, field: string): never {
  throw new HearthError('invalid-definition', message, { field });
}

function assertNames({ type, reports = {}, commands = {} }: LooseDevice, own: object): void {
  for (const name of [...Object.keys(reports), ...Object.keys(commands)]) {
    if (Object.hasOwn(own, name))
      refuse(`"${type}" cannot name a report or command "${name}": every device has it.`, name);
  }
  for (const [name, { expiresMs }] of Object.entries(commands)) {
    if (Object.hasOwn(reports, name))
      refuse(`"${type}" has a report and a command named "${name}"; rename one of them.`, name);
    // What would expire after the year 9999 could not be written as a timestamp.
    if (!Number.isSafeInteger(expiresMs) || expiresMs < 1 || expiresMs > 1e12)
      refuse(
        `The command "${type}.${name}" needs an expiresMs: whole milliseconds above 0, and at most 1e12.`,
        name,
      );
  }
}

function assertWritable({ type, state, writable }: LooseDevice): void {
  if (writable === undefined) return;
  assertJson(writable, `"writable" of "${type}"`);
  const known = shapeOf(state);
  for (const name of Object.keys(shapeOf(writable) ?? {})) {
    if (known !== undefined && !Object.hasOwn(known, name))
      refuse(`"${type}" makes "${name}" writable, but its state has no such property.`, name);
  }
}
