import type { Commands } from '../model/command.ts';
import type { Definition } from '../model/device-events.ts';
import { either, jsonSchemaOf, objectOf, patchOf, type JsonSchema } from './json-schema.ts';

/** A device model, whatever its properties. */
export interface Described {
  readonly definition: Definition;
}

const revision = { type: 'integer', minimum: 0 };
const instant = { type: 'string', format: 'date-time' };
const text = (maxLength: number, minLength = 0) => ({ type: 'string', minLength, maxLength });
const object = { type: 'object' };
const closed = (schema: JsonSchema) => ({ ...schema, additionalProperties: false });

/**
 * The JSON Schemas (2020-12) of the data of all events of a device: what it says, what it is told, and its commands, by event type.
 *
 * Units stand in the keyword `unit`, as the schemas of the model say them: `z.number().meta({ unit: '°C' })`. `$id` is `base` and the event
 * type, if `base` is given.
 *
 * @throws {HearthError} `invalid-definition` for a schema whose library has no Standard JSON Schema.
 */
export function jsonSchemas(
  { definition }: Described,
  { base }: { readonly base?: string } = {},
): Readonly<Record<string, JsonSchema>> {
  const all = { ...saidBy(definition), ...commonOf(definition), ...followedOf(definition) };
  return Object.fromEntries(
    Object.entries(all).map(([name, schema]) => {
      const type = `${definition.type}.${name}`;
      const head = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        ...(base === undefined ? {} : { $id: `${base}${type}` }),
      };
      return [type, { ...head, title: type, ...schema }];
    }),
  );
}

type Named = Readonly<Record<string, JsonSchema>>;

function saidBy({ type, reports, events, telemetry = {}, commands }: Definition): Named {
  const said = Object.entries({ ...reports, ...events, ...telemetry, ...commands }).map(
    ([name, { data }]) => [name, jsonSchemaOf(data, `"${type}.${name}"`)] as const,
  );
  const schemas = Object.fromEntries(said);
  const samples = Object.keys(telemetry).map((name) =>
    objectOf({ name: { const: name }, at: instant, values: schemas[name] ?? {} }),
  );
  return samples.length === 0 ? schemas : { ...schemas, telemetry: either(...samples) };
}

/** The events that every device has. */
function commonOf({ type, state, writable }: Definition): Named {
  const whole = jsonSchemaOf(state, `"${type}"`);
  const patch = patchOf(whole);
  const wishes =
    writable === undefined
      ? { type: 'object', properties: {}, additionalProperties: false }
      : patchOf(jsonSchemaOf(writable, `"writable" of "${type}"`), true);
  const desired = patchOf(writable === undefined ? object : jsonSchemaOf(writable, 'writable'));
  const mark = objectOf({ rev: revision, time: instant, 'by?': { type: 'string' } });
  const marks = { type: 'object', additionalProperties: mark };
  const session = closed(objectOf({ session: text(200, 1) }));
  const status = { enum: ['applied', 'failed', 'rejected'] };
  const properties = { type: 'array', items: { type: 'string' } };
  const home = { type: ['string', 'null'] };
  return {
    set: { ...wishes, properties: { ...(wishes['properties'] as object), ...termsOfWishes } },
    reported: patch,
    imported: patch,
    acknowledged: objectOf({
      desiredRev: revision,
      status,
      'code?': text(200),
      'properties?': properties,
      'reported?': patch,
    }),
    connected: session,
    disconnected: session,
    get: { type: 'object', properties: {}, additionalProperties: false },
    changed: whole,
    desired: objectOf({ desired, desiredRev: revision }),
    twin: objectOf({
      rev: revision,
      reported: whole,
      reportedRev: revision,
      desired,
      desiredRev: revision,
      meta: objectOf({ reported: marks, desired: marks }),
    }),
    left: objectOf({ home, 'model?': { type: 'string' } }),
  };
}

const termsOfWishes = {
  $until: instant,
  $ifRev: revision,
  $ifDesiredRev: revision,
  $ifPath: { type: 'object', additionalProperties: revision },
};

const command = { type: 'string', minLength: 1 };
const code = text(200);

/** The events of commands that have a result. */
function followedOf({ type, commands = {} }: Definition): Named {
  const followed = Object.entries(commands as Commands).flatMap(([name, { data, result }]) => {
    if (result === undefined) return [];
    const request = jsonSchemaOf(data, `"${type}.${name}"`);
    return [{ name: { const: name }, data: request, result: jsonSchemaOf(result, `"${name}"`) }];
  });
  const presence = { presence: objectOf({ online: { type: 'boolean' } }) };
  if (followed.length === 0) return presence;
  const statuses = ['inProgress', 'succeeded', 'failed', 'rejected'];
  const ends = ['succeeded', 'failed', 'rejected', 'timedOut', 'expired'];
  const results = either(...followed.map(({ result }) => result));
  return {
    ...presence,
    request: either(
      ...followed.map(({ name, data }) => objectOf({ command, name, data, until: instant })),
    ),
    answered: objectOf({ command, status: { enum: statuses }, 'code?': code, 'result?': results }),
    ended: either(
      ...followed.map(({ name, result }) =>
        objectOf({
          command,
          name,
          status: { enum: ends },
          'code?': code,
          'result?': result,
          question: { type: 'string' },
        }),
      ),
    ),
  };
}
