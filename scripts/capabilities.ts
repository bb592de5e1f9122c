import { writeFileSync } from 'node:fs';
import * as all from '../packages/core/src/capabilities/index.ts';
import type { AnyCapability } from '../packages/core/src/capabilities/index.ts';
import { jsonSchemaOf } from '../packages/core/src/describe/json-schema.ts';
import type { Schema } from '../packages/core/src/model/schema.ts';
import { root } from './sources.ts';

const head = `# Capabilities

Written by \`node scripts/capabilities.ts\` from \`@hearth/core/capabilities\`; a test says when it is out of date.

Each is named and shaped after a cluster of Matter 1.x, and its state is under the name of the cluster: \`state.thermostat.localTemperature\`. Three rules make it
readable, and translate it:

- Enumerations are words; the numbers that stand for them in Matter are exported beside them (\`lockStates.locked\` is 1).
- What Matter scales is in the unit itself: °C and not hundredths of it, % and not halves.
- What lasts is wished for, so that it reaches a lamp that was away. What is momentary, and what opens a door, is a command.

What a device may lack is optional. What nobody knows before the device has said it is \`null\` or absent.
`;

type Json = Readonly<Record<string, unknown>>;

const isCapability = (one: unknown): one is AnyCapability =>
  typeof one === 'object' && one !== null && 'clusters' in one;

/** The page of all capabilities, as Markdown. */
export function capabilityPage(): string {
  // The order of a module's exports is not that of its source everywhere.
  const sections = Object.entries(all as Json)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([name, one]) => (isCapability(one) ? [sectionOf(name, one)] : []));
  return `${head}\n${sections.join('\n')}`;
}

function sectionOf(name: string, capability: AnyCapability): string {
  const { clusters, state, writable, commands = {}, events = {} } = capability;
  const whole = jsonSchemaOf(state, name);
  const wishes = writable === undefined ? [] : Object.keys(partsOf(jsonSchemaOf(writable, name)));
  const required = new Set(whole['required'] as readonly string[] | undefined);
  const rows = Object.entries(partsOf(whole)).map(
    ([property, schema]) =>
      `| \`${property}\`${required.has(property) ? '' : '?'} | ${textOf(schema)} | ${wishes.includes(property) ? 'yes' : ''} | ${noteOf(schema)} |`,
  );
  const done = Object.entries(commands).map(
    ([command, { data, result, expiresMs }]) =>
      `- \`${command}\`(${fieldsOf(data)})${result === undefined ? '' : ` → ${fieldsOf(result) || 'done'}`}; expires after ${expiresMs / 1000} s`,
  );
  const told = Object.entries(events).map(
    ([event, { data }]) => `- \`${event}\`(${fieldsOf(data)})`,
  );
  return [
    `## \`${name}\`\n`,
    `State \`${capability.name}\`, after ${clusters.map((one) => `\`${one}\``).join(' and ')}.\n`,
    '| attribute | value | can be wished for | note |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(done.length === 0 ? [] : ['', 'Commands:', '', ...done]),
    ...(told.length === 0 ? [] : ['', 'Events:', '', ...told]),
    '',
  ].join('\n');
}

const partsOf = ({ properties = {} }: Json) => properties as Readonly<Record<string, Json>>;

function fieldsOf(schema: Schema): string {
  const whole = jsonSchemaOf(schema, 'a command or event');
  const required = (whole['required'] ?? []) as readonly string[];
  return Object.entries(partsOf(whole))
    .map(([name, part]) => `\`${name}\`${required.includes(name) ? '' : '?'}: ${textOf(part)}`)
    .join(', ');
}

function textOf(schema: Json): string {
  const { anyOf, enum: words, type } = schema;
  const { minimum, maximum, unit, maxLength } = schema as Readonly<Record<string, string>>;
  if (Array.isArray(anyOf)) return (anyOf as Json[]).map((one) => textOf(one)).join(' or ');
  if (Array.isArray(words)) return words.map((word) => `\`${String(word)}\``).join(', ');
  if (type === 'object')
    return `{ ${Object.entries(partsOf(schema))
      .map(([name, part]) => `${name}: ${textOf(part)}`)
      .join(', ')} }`;
  const range = minimum === undefined ? '' : ` ${minimum} to ${maximum}`;
  const most = maxLength === undefined ? '' : `, at most ${maxLength} characters`;
  return `${[type].flat().join(' or ')}${range}${unit === undefined ? '' : ` ${unit}`}${most}`;
}

/** What a schema, or the one that it wraps, says of itself. */
function noteOf({ description, anyOf }: Json): string {
  const inner = Array.isArray(anyOf) ? (anyOf as Json[]).map((one) => noteOf(one)).join('') : '';
  return typeof description === 'string' ? description : inner;
}

if (process.argv[1]?.endsWith('scripts/capabilities.ts'))
  writeFileSync(`${root}docs/reference/capabilities.md`, capabilityPage());
