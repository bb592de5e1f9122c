import { MatterModel, type ClusterModel } from '@matter/model';
import { describe, expect, it } from 'vitest';
import { check, type Schema } from '../model/schema.ts';
import * as all from './index.ts';
import type { AnyCapability } from './index.ts';

// The data model of the Matter specification, as matter.js generates it from the specification's own tables.
const matter = MatterModel.standard;
const exported: readonly (readonly [string, unknown])[] = Object.entries(all);
const isCapability = (one: unknown): one is AnyCapability =>
  typeof one === 'object' && one !== null && 'clusters' in one;
const capabilities = exported.flatMap(([name, one]) =>
  isCapability(one) ? [[name, one] as const] : [],
);
const tables = exported.flatMap(([name, one]) =>
  typeof one === 'object' && !isCapability(one)
    ? [[name, one as Readonly<Record<string, number>>] as const]
    : [],
);

const camel = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
const namesOf = (parts: Iterable<{ readonly name: string }>) =>
  [...parts].map(({ name }) => camel(name));

function clustersOf({ clusters }: AnyCapability): readonly ClusterModel[] {
  return clusters.map((name) => {
    const found = matter.clusters(name);
    if (found === undefined) throw new Error(`Matter has no cluster ${name}.`);
    return found;
  });
}

const propertiesOf = (schema: object): readonly string[] =>
  Object.keys((schema as { readonly shape?: object }).shape ?? {});

describe.each(capabilities)('%s', (_, capability) => {
  const clusters = clustersOf(capability);

  it('keeps the state of a cluster under the name of the cluster', () => {
    expect(capability.name).toBe(camel(capability.clusters[0] ?? ''));
  });

  it('has attributes, commands, fields and events that Matter has', () => {
    const attributes = clusters.flatMap(({ attributes: some }) => namesOf(some));
    const commands = clusters.flatMap(({ commands: some }) => namesOf(some));
    const events = clusters.flatMap(({ events: some }) => namesOf(some));
    expect(attributes).toEqual(expect.arrayContaining([...propertiesOf(capability.state)]));
    expect(attributes).toEqual(
      expect.arrayContaining([...propertiesOf(capability.writable ?? {})]),
    );
    expect(commands).toEqual(expect.arrayContaining(Object.keys(capability.commands ?? {})));
    expect(events).toEqual(expect.arrayContaining(Object.keys(capability.events ?? {})));
    for (const cluster of clusters) {
      for (const part of [...cluster.commands, ...cluster.events]) {
        const ours =
          capability.commands?.[camel(part.name)] ?? capability.events?.[camel(part.name)];
        const fields = ours === undefined ? [] : propertiesOf(ours.data);
        expect(namesOf(part.children)).toEqual(expect.arrayContaining([...fields]));
      }
    }
  });

  it('takes null where Matter does, or where nothing has been heard yet', () => {
    const initial = capability.initial as Readonly<Record<string, unknown>>;
    const { shape } = capability.state as unknown as {
      readonly shape: Readonly<Record<string, Schema>>;
    };
    const attributes = clusters.flatMap((cluster) => [...cluster.attributes]);
    const wrong = Object.entries(shape).filter(([name, schema]) => {
      const takesNull =
        schema !== undefined && check(schema, null).issue === undefined && initial[name] !== null;
      const attribute = attributes.find((one) => camel(one.name) === name);
      return takesNull && attribute?.effectiveQuality.nullable !== true;
    });
    expect(wrong.map(([name]) => name)).toEqual([]);
  });
});

it('has words and numbers of enumerations as Matter has them', () => {
  const enumerations = [...matter.clusters, matter].flatMap((owner) =>
    [...(owner === matter ? matter.datatypes : (owner as ClusterModel).datatypes)].map((type) =>
      Object.fromEntries([...type.children].map((one) => [camel(one.name), one.id])),
    ),
  );
  const unknown = tables.filter(([, words]) => {
    const isOurs = (theirs: Readonly<Record<string, number | undefined>>) =>
      Object.keys(theirs).length === Object.keys(words).length &&
      Object.entries(words).every(([word, number]) => theirs[word] === number);
    return !enumerations.some(isOurs);
  });
  expect(tables.length).toBeGreaterThan(15);
  expect(unknown.map(([name]) => name)).toEqual([]);
});
