import { HearthError } from '../event/error.ts';
import { shapeOf } from '../model/shape.ts';
import { isDocument, type Document } from '../twin/document.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import type { Described } from './json-schemas.ts';

/** An element of a DTDL document. */
export type Dtdl = Document;

/**
 * A DTDL v3 interface of a device model, for Azure's services and IoT Plug and Play.
 *
 * The state becomes properties, writable where it can be wished for; reports, events and telemetry become telemetry; commands stay commands.
 * Units that the quantitative types know become theirs; what DTDL has no word for, such as a range, stands in a comment. The version is that
 * of the state's shape unless given.
 *
 * @throws {HearthError} `invalid-definition` for what DTDL cannot say: a union, a tuple, or a name that is none there.
 */
export function dtdl(
  { definition }: Described,
  { version = definition.version ?? 1 }: { readonly version?: number } = {},
): Dtdl {
  const { type, state, writable, reports, events, telemetry, commands = {} } = definition;
  const whole = jsonSchemaOf(state, `"${type}"`);
  const wishes = Object.keys((writable === undefined ? undefined : shapeOf(writable)) ?? {});
  const properties = Object.entries((whole['properties'] ?? {}) as Document).map(([name, part]) =>
    element('Property', name, part as JsonSchema, { writable: wishes.includes(name) }),
  );
  const said = Object.entries({ ...reports, ...events, ...telemetry }).map(([name, { data }]) =>
    element('Telemetry', name, jsonSchemaOf(data, `"${type}.${name}"`)),
  );
  const done = Object.entries(commands).map(([name, { data, result }]) => ({
    '@type': 'Command',
    name: nameOf(name, name),
    ...payload('request', jsonSchemaOf(data, `"${type}.${name}"`)),
    ...(result === undefined ? {} : payload('response', jsonSchemaOf(result, `"${name}"`))),
  }));
  return {
    '@context': ['dtmi:dtdl:context;3', 'dtmi:dtdl:extension:quantitativeTypes;1'],
    '@id': idOf(type, version),
    '@type': 'Interface',
    displayName: type,
    contents: [...properties, ...said, ...done],
  };
}

/** `dtmi:com:acme:thermostat;1` of `com.acme.thermostat`. */
function idOf(type: string, version: number): string {
  const segments = type.split(/[./:]/).map((part) => {
    const plain = part.replaceAll(/\W/g, '_').replaceAll(/^_+|_+$/g, '');
    return /^[A-Za-z]/.test(plain) ? plain : `x${plain}`;
  });
  return `dtmi:${segments.join(':')};${version}`;
}

/** A command without data has no request. */
function payload(name: 'request' | 'response', schema: JsonSchema): Dtdl {
  const isEmpty = Object.keys(schema['properties'] ?? {}).length === 0;
  return isEmpty && schema['type'] === 'object'
    ? {}
    : { [name]: { name, schema: schemaOf(schema, name) } };
}

// The units of the quantitative types, by the signs that schemas use.
const units: Readonly<Record<string, readonly [semantic: string, unit: string]>> = {
  '°C': ['Temperature', 'degreeCelsius'],
  '°F': ['Temperature', 'degreeFahrenheit'],
  K: ['Temperature', 'kelvin'],
  s: ['TimeSpan', 'second'],
  ms: ['TimeSpan', 'millisecond'],
  min: ['TimeSpan', 'minute'],
  h: ['TimeSpan', 'hour'],
  V: ['Voltage', 'volt'],
  mV: ['Voltage', 'millivolt'],
  A: ['Current', 'ampere'],
  mA: ['Current', 'milliampere'],
  W: ['Power', 'watt'],
  kW: ['Power', 'kilowatt'],
  kWh: ['Energy', 'kilowattHour'],
  J: ['Energy', 'joule'],
  lx: ['Illuminance', 'lux'],
  lux: ['Illuminance', 'lux'],
  m: ['Length', 'metre'],
  kPa: ['Pressure', 'kilopascal'],
};

/** A named part of the interface, or of an object in it. */
function element(kind: string | undefined, name: string, schema: JsonSchema, more = {}): Dtdl {
  const said = bare(schema, name);
  const known = isNumber(said) ? units[String(said['unit'])] : undefined;
  const types =
    known === undefined ? [kind].flatMap((one) => one ?? []) : [kind ?? 'Field', known[0]];
  const comment = commentOf(said, known !== undefined);
  return {
    ...(types.length === 0 ? {} : { '@type': types.length === 1 ? types[0] : types }),
    name: nameOf(name, name),
    schema: schemaOf(said, name),
    ...(known === undefined ? {} : { unit: known[1] }),
    ...(comment === '' ? {} : { comment }),
    ...more,
  };
}

const isNumber = ({ type }: JsonSchema): boolean => type === 'number' || type === 'integer';

function commentOf(
  { minimum, maximum, unit, description }: JsonSchema,
  isUnitKnown: boolean,
): string {
  const isBound = (value: unknown) =>
    typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  const from = isBound(minimum) ? `from ${String(minimum)}` : '';
  const to = isBound(maximum) ? `to ${String(maximum)}` : '';
  const range = [from, to, isUnitKnown ? '' : ((unit as string | undefined) ?? '')]
    .filter((part) => part !== '')
    .join(' ');
  return [range, (description as string | undefined) ?? '']
    .filter((part) => part !== '')
    .join('. ')
    .slice(0, 512);
}

/** A schema without `null`: in DTDL every property may be missing. */
function bare(schema: JsonSchema, at: string): JsonSchema {
  const { anyOf, type, ...rest } = schema;
  if (Array.isArray(type) && type.length === 2 && type.includes('null'))
    return { ...rest, type: type.find((one) => one !== 'null') as unknown };
  if (Array.isArray(type)) return refuse(at, 'a union');
  if (!Array.isArray(anyOf)) return schema;
  const others = (anyOf as JsonSchema[]).filter((one) => one['type'] !== 'null');
  const [only, ...more] = others;
  if (only === undefined || more.length > 0) return refuse(at, 'a union');
  return { ...rest, ...bare(only, at) };
}

function schemaOf(schema: JsonSchema, at: string): unknown {
  const { type, const: only, enum: words, format } = bare(schema, at);
  const whole = bare(schema, at);
  if (only !== undefined) return enumOf([only], at);
  if (Array.isArray(words)) return enumOf(words, at);
  if (type === 'string') return dates[String(format)] ?? 'string';
  if (type === 'boolean') return 'boolean';
  if (type === 'number') return 'double';
  if (type === 'integer') return isLong(whole) ? 'long' : 'integer';
  if (type === 'array' && isDocument(whole['items']))
    return { '@type': 'Array', elementSchema: schemaOf(whole['items'], at) };
  return type === 'object' ? structureOf(whole, at) : refuse(at, `"${String(type)}"`);
}

const dates: Readonly<Record<string, string>> = {
  'date-time': 'dateTime',
  date: 'date',
  time: 'time',
  duration: 'duration',
};

const isLong = ({ minimum, maximum }: JsonSchema): boolean =>
  !((maximum as number) < 2 ** 31 && (minimum as number) >= -(2 ** 31));

function enumOf(values: readonly unknown[], at: string): Dtdl {
  const areWords = values.every((value) => typeof value === 'string');
  if (!areWords && !values.every((value) => Number.isInteger(value)))
    return refuse(at, 'such an enumeration');
  return {
    '@type': 'Enum',
    valueSchema: areWords ? 'string' : 'integer',
    enumValues: values.map((value) => {
      const plain = String(value)
        .replaceAll(/\W/g, '_')
        .replaceAll(/^_+|_+$/g, '');
      return { name: /^[A-Za-z]/.test(plain) ? plain : `is_${plain}`, enumValue: value };
    }),
  };
}

function structureOf({ properties, additionalProperties }: JsonSchema, at: string): Dtdl {
  if (isDocument(properties)) {
    const fields = Object.entries(properties).map(([name, part]) =>
      element(undefined, name, part as JsonSchema),
    );
    return { '@type': 'Object', fields };
  }
  return {
    '@type': 'Map',
    mapKey: { name: 'key', schema: 'string' },
    mapValue: {
      name: 'value',
      schema: isDocument(additionalProperties)
        ? schemaOf(additionalProperties, at)
        : refuse(at, 'anything at all'),
    },
  };
}

function nameOf(name: string, at: string): string {
  if (/^[A-Za-z](?:\w{0,510}[A-Za-z0-9])?$/.test(name)) return name;
  return refuse(at, `the name "${name}"`);
}

function refuse(at: string, what: string): never {
  throw new HearthError('invalid-definition', `DTDL cannot say ${what} ("${at}").`, { field: at });
}
