import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineDevice, erase, lives } from '../index.ts';
import type { StateStore } from '../index.ts';
import { simulation } from '../simulate/index.ts';
import { defineRegistry, query } from './index.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean() }),
  initial: { isOn: false },
});
const registry = defineRegistry({
  tags: ['site'],
  groups: { old: { tag: 'firmware', value: '1' } },
});
const app = defineApp({ source: 'urn:acme', parts: [lamp, registry] });

function start() {
  const world = simulation(app);
  for (let n = 0; n < 25; n += 1) {
    const data = { model: 'lamp', firmware: `${n % 2}`, tags: { site: `s${n % 5}` } };
    world.happen({ event: registry.register(`d${String(n).padStart(2, '0')}`, data) });
  }
  return world;
}

const namesOf = ({ found }: { readonly found: readonly { readonly subject: string }[] }) =>
  found.map(({ subject }) => subject);

describe('query', () => {
  it('gives typed looks, page by page', async () => {
    const world = start();
    const first = await query(world, registry, { tag: 'firmware', value: '1', limit: 5 });
    expect(first.found[0]?.state.tags).toEqual({ site: 's1' });
    const all = [...namesOf(first)];
    for (let { cursor } = first; cursor !== undefined;) {
      const page = await query(world, registry, { tag: 'firmware', value: '1', limit: 5, cursor });
      all.push(...namesOf(page));
      cursor = page.cursor;
    }
    expect(all).toHaveLength(12);
    expect(new Set(all).size).toBe(12);
  });

  it('takes further tags, and groups', async () => {
    const world = start();
    const both = { tag: 'site', value: 's1', and: { firmware: '1' } };
    expect(namesOf(await query(world, registry, both))).toEqual(['d01', 'd11', 'd21']);
    expect(namesOf(await query(world, registry, { group: 'old' }))).toHaveLength(12);
    expect(namesOf(await query(world, registry, { group: 'nobody' }))).toEqual([]);
  });

  it('finds devices by their models, too', async () => {
    const world = start();
    world.happen(
      { event: lives('d01', 'h1') },
      { event: lamp.events.reported('d01', { isOn: true }) },
    );
    const { found } = await query(world, lamp, { tag: 'home', value: 'h1' });
    expect(found.map(({ state }) => state.isOn)).toEqual([true]);
  });

  it('leaves out what an index still says and the record no longer does, and what was erased', async () => {
    const world = start();
    const stale: StateStore = {
      ...world.store,
      query: async () => ({
        keys: ['d00', 'd01', 'd03', 'gone'].map((id) => `hearth.registry/${id}`),
      }),
    };
    await erase({ ...runtimeOf(world.store) }, registry.ref('d03'));
    const { found } = await query({ store: stale }, registry, { tag: 'firmware', value: '1' });
    expect(namesOf({ found })).toEqual(['d01']);
  });

  it.each([
    [{ tag: '', value: 'x' }, 'tag'],
    [{ tag: 'model', value: 'x', limit: 0 }, 'limit'],
    [{ tag: 'model', value: 'x', limit: 1001 }, 'limit'],
  ])('refuses %j', async (wanted, field) => {
    await expect(query(start(), registry, wanted)).rejects.toMatchObject({
      code: 'invalid-option',
      field,
    });
  });
});

function runtimeOf(store: StateStore) {
  const clock = {
    now: () => 0,
    sleep: async () => {},
    within: <T>(_: number, work: (signal: never) => Promise<T>) => work(undefined as never),
  };
  return { store, clock, publisher: { publish: async () => [] } };
}
