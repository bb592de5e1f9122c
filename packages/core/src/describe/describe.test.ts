import { createParser, ModelParsingOption } from '@azure/dtdl-parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { defineApp } from '../app/define-app.ts';
import * as capabilities from '../capabilities/index.ts';
import { composed, type AnyCapability } from '../capabilities/index.ts';
import { defineDevice } from '../model/device.ts';
import { simulation } from '../simulate/index.ts';
import { dtdl, jsonSchemas } from './index.ts';

const sensor = defineDevice({
  type: 'com.acme.multi-sensor',
  version: 2,
  migrate: { 1: (state: object) => state },
  state: z.object({
    celsius: z.number().min(-40).max(85).meta({ unit: '°C' }).nullable(),
    mode: z.enum(['eco', 'normal']),
    notes: z.record(z.string(), z.string()),
    light: z.object({ lux: z.number(), label: z.string().optional() }),
    seen: z.iso.datetime().optional(),
    zones: z.array(z.int().min(0).max(9)),
  }),
  initial: { celsius: null, mode: 'eco', notes: {}, light: { lux: 0 }, zones: [] },
  writable: z.object({
    mode: z.enum(['eco', 'normal']),
    light: z.object({ label: z.string() }).partial(),
  }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply: ({ celsius }, set) => set({ celsius }),
    },
  },
  events: { moved: { data: z.object({ distanceMetres: z.number() }) } },
  telemetry: { power: { data: z.object({ watts: z.number().meta({ unit: 'W' }) }) } },
  commands: {
    calibrate: {
      data: z.object({ celsius: z.number() }),
      result: z.object({ offset: z.number() }),
      expiresMs: 5_000,
    },
    blink: { data: z.object({}), expiresMs: 5_000 },
  },
});
const everything = (Object.values(capabilities) as unknown[]).filter(
  (one): one is AnyCapability => typeof one === 'object' && one !== null && 'clusters' in one,
);
const everyCapability = defineDevice({
  type: 'com.acme.everything',
  ...(composed(...everything) as unknown as {
    state: z.ZodObject;
    initial: Record<string, never>;
  }),
});

function validator() {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  formats.default.default(ajv);
  ajv.addVocabulary(['unit']);
  return ajv;
}

describe('jsonSchemas', () => {
  const schemas = jsonSchemas(sensor);
  const ajv = validator();
  const fits = (name: string, data: unknown) =>
    ajv.validate({ ...schemas[`com.acme.multi-sensor.${name}`] }, data);

  it.each([
    ['a sensor', sensor],
    ['a device of all capabilities', everyCapability],
  ])('gives %s only schemas that are valid', (_, device) => {
    const given = jsonSchemas(device);
    const wrong = Object.keys(given).filter((type) => !ajv.validateSchema({ ...given[type] }));
    expect(wrong).toEqual([]);
    for (const schema of Object.values(given))
      expect(() => ajv.compile({ ...schema })).not.toThrow();
  });

  it('gives one of every event that a device has', () => {
    const types = sensor.defines
      .map(({ type }) => type)
      .filter((type) => !/\.(lapsed|overdue)$/.test(type));
    expect(Object.keys(schemas).toSorted()).toEqual(types.toSorted());
  });

  it('says units, and has an id where it is given a base', () => {
    expect(JSON.stringify(schemas)).toContain('"unit":"°C"');
    const [first] = Object.values(jsonSchemas(sensor, { base: 'https://acme.com/schemas/' }));
    expect(first?.['$id']).toBe('https://acme.com/schemas/com.acme.multi-sensor.temperature');
  });

  it('fits what is emitted', () => {
    const run = simulation(defineApp({ source: 'urn:acme', parts: [sensor] }), {
      speaksFor: () => true,
    });
    const device = { kind: 'device', id: 's1' } as const;
    const said = [
      sensor.events.temperature('s1', { celsius: 20 }),
      sensor.events.power('s1', { watts: 5 }),
      sensor.events.reported('s1', { notes: { a: 'b' } }),
      sensor.events.get('s1', {}),
      sensor.events.connected('s1', { session: '1' }),
    ];
    run.happen({ event: sensor.set('s1', { mode: 'normal' }, { until: 60_000 }) });
    run.happen({ event: sensor.commands.calibrate('s1', { celsius: 20 }) });
    for (const event of said) run.happen({ event, principal: device });
    run.advanceTo(120_000);
    expect(new Set(run.published.map(({ type }) => type)).size).toBe(5);
    const wrong = run.published.filter(
      ({ type, data }) => !fits(type.replace('com.acme.multi-sensor.', ''), data),
    );
    expect(wrong).toEqual([]);
  });

  it('fits a report exactly if the device may say it', () => {
    const run = simulation(defineApp({ source: 'urn:acme', parts: [sensor] }));
    const value = fc.constantFrom<unknown>(null, 1, 99, 'eco', 'x', {}, [1], [10], { lux: 1 });
    const inner = fc.dictionary(fc.constantFrom('lux', 'label', 'a'), value, { maxKeys: 2 });
    const names = fc.constantFrom('celsius', 'mode', 'notes', 'light', 'zones', 'other');
    const patches = fc.dictionary(names, fc.oneof(value, inner), { maxKeys: 3 });
    fc.assert(
      fc.property(patches, (patch) => {
        const event = sensor.events.reported('s1', patch);
        const [answer] = run.happen({ event, principal: { kind: 'device', id: 's1' } });
        expect(fits('reported', patch)).toBe(answer?.verdict === 'done');
      }),
      { numRuns: 200 },
    );
  });

  it('needs a library that can say what its schemas are', () => {
    const state = v.object({ a: v.number() });
    const device = defineDevice({ type: 'x', state, initial: { a: 1 } });
    expect(() => jsonSchemas(device)).toThrow('toStandardJsonSchema');
    const small = mini.object({ a: mini.number() });
    const other = defineDevice({ type: 'x', state: small, initial: { a: 1 } });
    expect(() => jsonSchemas(other)).toThrow('zod/mini does not');
  });
});

describe('dtdl', () => {
  /** Microsoft's own parser, which checks a model against the metamodel. */
  const parse = async (model: object) => {
    const parser = createParser(ModelParsingOption.PermitAnyTopLevelElement);
    try {
      return Object.keys(await parser.parse([JSON.stringify(model)]));
    } catch (error) {
      throw new Error(JSON.stringify((error as { _parsingErrors?: unknown })._parsingErrors), {
        cause: error,
      });
    }
  };

  it('gives an interface that the official parser takes', async () => {
    const model = dtdl(sensor);
    expect(model['@id']).toBe('dtmi:com:acme:multi_sensor;2');
    expect(await parse(model)).toContain('dtmi:com:acme:multi_sensor;2');
  });

  it('says every capability', async () => {
    expect(await parse(dtdl(everyCapability))).toContain('dtmi:com:acme:everything;1');
  });

  it('is refused by that parser when it is wrong', async () => {
    const wrong = { ...dtdl(sensor), contents: [{ '@type': 'Telemetry', name: 'a', schema: 'b' }] };
    await expect(parse(wrong)).rejects.toThrow('badDtmiOrTerm');
  });

  it('has units, ranges, and what is writable', () => {
    const contents = dtdl(sensor)['contents'] as readonly { readonly name: string }[];
    expect(contents.find(({ name }) => name === 'celsius')).toEqual({
      '@type': ['Property', 'Temperature'],
      name: 'celsius',
      schema: 'double',
      unit: 'degreeCelsius',
      comment: 'from -40 to 85',
      writable: false,
    });
    expect(contents.find(({ name }) => name === 'mode')).toMatchObject({ writable: true });
    expect(contents.find(({ name }) => name === 'blink')).toEqual({
      '@type': 'Command',
      name: 'blink',
    });
  });

  it.each([
    ['a union', { a: z.union([z.string(), z.number()]) }, { a: 1 }, 'a union'],
    ['a name with a sign', { 'a-b': z.number() }, { 'a-b': 1 }, 'the name "a-b"'],
    ['anything', { a: z.unknown() }, { a: 1 }, 'cannot say'],
  ])('cannot say %s, and says so', (_, shape, initial, message) => {
    const state: z.ZodType<object> = z.object(shape);
    const device = defineDevice({ type: 'x', state, initial });
    expect(() => dtdl(device)).toThrow(message);
  });
});
