import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { bound } from './binding.ts';
import type { Command } from './command.ts';
import { documentIssue } from './device-twin.ts';
import { telemetrySchema } from './device-telemetry.ts';
import {
  assertOlder,
  eventDef,
  type EventDef,
  type EventType,
  type OlderVersion,
} from './event.ts';
import { partial } from './partial.ts';
import { standsFor } from './personal.ts';
import { anything, assertJson, type Schema } from './schema.ts';
import { shapeOf } from './shape.ts';
import { acknowledgement, presence, wishes } from './twin-schemas.ts';
import { twinLimits, type TwinProfile } from '../twin/limits.ts';

type Values = Readonly<Record<string, unknown>>;

/** The event types of a device or home, by name. */
export type Events = Readonly<Record<string, EventDef>>;

/** What a device says, whatever its data. */
export interface LooseSaid {
  readonly data: Schema;
  readonly older?: readonly OlderVersion[];
}

/** A report, whatever its data. */
export interface LooseReport extends LooseSaid {
  readonly apply: (
    data: never,
    set: (patch: Values) => { readonly patch: Values },
    state: Values,
  ) => { readonly patch: Values };
}

/** A device's description, whatever its properties. */
export interface Definition {
  readonly type: string;
  readonly state: Schema<Values>;
  readonly initial: Values;
  readonly writable?: Schema<Values>;
  readonly reports?: Readonly<Record<string, LooseReport>>;
  readonly events?: Readonly<Record<string, LooseSaid>>;
  readonly telemetry?: Readonly<Record<string, LooseSaid>>;
  readonly commands?: Readonly<Record<string, Command>>;
  readonly version?: number;
  readonly atOnce?: number;
  readonly sleepy?: boolean;
  readonly limits?: TwinProfile;
  readonly tolerance?: Values;
  readonly migrate?: Readonly<Record<number, (state: never) => unknown>>;
  readonly formerly?: string;
  readonly tags?: (state: never) => Readonly<Record<string, string>>;
}

/** A definition, as the steps of a device are given it. */
export type LooseDevice = Definition;

const nothing = { ...anything, shape: {} } as Schema<Values>;
const empty = partial(nothing);

/** A schema that also refuses what something else is wrong with. */
function refining(
  schema: Schema<Values>,
  issueOf: (value: Values) => { readonly at: string; readonly message: string } | undefined,
): Schema<Values> {
  const validate = (value: unknown): StandardSchemaV1.Result<Values> => {
    const result = schema['~standard'].validate(value) as StandardSchemaV1.Result<Values>;
    if (result.issues !== undefined) return result;
    const issue = issueOf(result.value);
    return issue === undefined
      ? result
      : { issues: [{ message: issue.message, path: issue.at.split('.') }] };
  };
  return standsFor({ '~standard': { version: 1, vendor: 'hearth', validate } }, schema);
}

/** The event types of a device: what it says, and those that every device has. */
export function deviceEvents(device: Definition): Events {
  const { type, state, writable = nothing, reports, events, telemetry } = device;
  const said = Object.entries({ ...reports, ...events, ...telemetry });
  const bounded = (schema: Schema<Values>) =>
    refining(schema, (document) => documentIssue(device, document));
  const patch = bounded(partial(state));
  const own: Readonly<Record<string, Schema>> = {
    set: standsFor(
      bounded(wishes(partial(writable, { removable: true, unknown: 'is not writable' }))),
      writable,
    ),
    reported: patch,
    acknowledged: standsFor(acknowledgement(patch), state, ['reported']),
    connected: presence,
    disconnected: presence,
    get: empty,
    imported: patch,
    changed: state,
    desired: standsFor({ ...anything }, state, ['desired']),
    twin: standsFor({ ...anything }, state, ['desired', 'reported']),
    lapsed: empty,
    left: bound.data,
    ...(telemetry === undefined ? {} : { telemetry: telemetrySchema }),
  };
  assertNames(device, own);
  assertCommands(device);
  for (const [name, { older = [] }] of said) assertOlder(`${type}.${name}`, older);
  assertWritable(device);
  if (device.limits !== undefined && !Object.hasOwn(twinLimits, device.limits))
    refuse(`"${type}" has unknown limits: one of ${Object.keys(twinLimits).join(', ')}.`, 'limits');
  const all = [
    ...said.map(([name, { data, older = [] }]) => ({ name, data, older })),
    ...Object.entries(own).map(([name, data]) => ({ name, data, older: [] })),
  ];
  return Object.fromEntries(
    all.map(({ name, ...event }) => [
      name,
      eventDef({ type: `${type}.${name}`, ...event, ...natureOf(type, name) }),
    ]),
  );
}

const made = new Set(['desired', 'twin', 'lapsed', 'telemetry']);

/** Who says an event of a device: its own record, others, or else the device itself. */
function natureOf(type: string, name: string): Partial<EventType> {
  if (name === 'changed' || name === 'left') return { quiet: true, madeBy: type };
  if (made.has(name)) return { madeBy: type };
  if (name === 'imported') return { from: ['app', 'service'] };
  return name === 'set' ? {} : { unplaced: true };
}

function refuse(message: string, field: string): never {
  throw new HearthError('invalid-definition', message, { field });
}

// The event types of followed commands, and of telemetry.
const taken = new Set([
  'request',
  'answered',
  'ended',
  'overdue',
  'presence',
  'connection',
  'telemetry',
]);

function assertNames(device: Definition, own: object): void {
  const { type, reports, events, telemetry, commands } = device;
  const kinds = { report: reports, event: events, telemetry, command: commands };
  const known = new Map<string, string>();
  const named = Object.entries(kinds).flatMap(([kind, parts = {}]) =>
    Object.keys(parts).map((name) => [kind, name] as const),
  );
  for (const [kind, name] of named) {
    const other = known.get(name);
    if (Object.hasOwn(own, name) || taken.has(name))
      refuse(`"${type}" cannot name a report or command "${name}": every device has it.`, name);
    if (other !== undefined)
      refuse(`"${type}" has a ${other} and a ${kind} named "${name}"; rename one of them.`, name);
    known.set(name, kind);
  }
}

function assertCommands({ type, commands = {} }: Definition): void {
  for (const [name, { expiresMs, result }] of Object.entries(commands)) {
    if (result !== undefined) assertJson(result, `the result of "${type}.${name}"`);
    // What would expire after the year 9999 could not be written as a timestamp.
    if (!Number.isSafeInteger(expiresMs) || expiresMs < 1 || expiresMs > 1e12)
      refuse(
        `The command "${type}.${name}" needs an expiresMs: whole milliseconds above 0, and at most 1e12.`,
        name,
      );
  }
}

function assertWritable({ type, state, writable }: Definition): void {
  if (writable === undefined) return;
  assertJson(writable, `"writable" of "${type}"`);
  const known = shapeOf(state);
  for (const name of Object.keys(shapeOf(writable) ?? {})) {
    if (name.startsWith('$'))
      refuse(
        `"${type}" cannot make "${name}" writable: names with "$" say how a wish is meant.`,
        name,
      );
    if (known !== undefined && !Object.hasOwn(known, name))
      refuse(`"${type}" makes "${name}" writable, but its state has no such property.`, name);
  }
}
