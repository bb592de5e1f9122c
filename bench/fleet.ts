import { defineApp, type Runtime, type StateStore } from '@hearth/core';
import { defineRegistry, query, registerDevices } from '@hearth/core/registry';
import { systemClock } from '@hearth/node';
import { median, type Figures } from './figure.ts';
import { duel, isQuick } from './rounds.ts';

/** How many devices are registered, how many sites they are on, and how many of a site are on a page. */
export const fleet = { devices: isQuick ? 300 : 100_000, sites: 100, page: 100 };

/** What a hand-written table of devices does. */
export interface BareTable {
  /** Fills it with as many devices; each has a site and a body. */
  fill(
    devices: Iterable<{ readonly id: string; readonly site: string; readonly body: string }>,
  ): Promise<void>;
  /** Gives the bodies of the first page of a site, in the order of ids. */
  firstPage(site: string, limit: number): Promise<readonly string[]>;
}

const registry = defineRegistry({ tags: ['site'] });
const app = defineApp({ source: 'urn:bench', parts: [registry] });

const siteOf = (n: number): string => `site-${n % fleet.sites}`;
const idOf = (n: number): string => `device-${String(n).padStart(7, '0')}`;

function* lines(): Generator<string> {
  for (let n = 0; n < fleet.devices; n += 1)
    yield JSON.stringify({
      device: idOf(n),
      model: 'com.acme.lamp',
      firmware: `1.${n % 7}.0`,
      tags: { site: siteOf(n) },
    });
}

/**
 * Measures how many devices are registered a second (`register.bulk.<name>`), and the first page of a query in all of them
 * (`registry.query.<name>`) against one SELECT of a table with an index of its own.
 */
export async function fleetFigures(
  name: string,
  store: StateStore,
  table: BareTable,
): Promise<Figures> {
  const publisher: Runtime['publisher'] = {
    ordered: true,
    publish: async (events) => events.map(() => ({ outcome: 'published' })),
  };
  const runtime: Runtime = { store, publisher, clock: systemClock() };
  const bulk = await register(runtime);
  const bodies = await bodiesIn(store);
  await table.fill(bodies);
  let n = 0;
  const ours = async (count: number) => {
    for (let done = 0; done < count; done += 1) {
      const request = { tag: 'site', value: siteOf((n += 1)), limit: fleet.page };
      const { found } = await query(runtime, registry, request);
      assertFound(found.length);
    }
  };
  const bare = async (count: number) => {
    for (let done = 0; done < count; done += 1)
      assertFound((await table.firstPage(siteOf((n += 1)), fleet.page)).length);
  };
  const { ours: rate, ratio } = await duel(ours, bare, { clock: 'wall' });
  return {
    [`registry.query.${name}`]: {
      value: rate.perSecond,
      best: rate.best,
      unit: 'pages/s',
      ratio,
      against: 'one SELECT of keys and bodies',
      note: `the first ${fleet.page} of a site in ${fleet.devices.toLocaleString('en')} devices; ours loads, checks and parses each`,
    },
    [`register.bulk.${name}`]: bulk,
  };
}

function assertFound(found: number): void {
  const expected = Math.min(fleet.page, Math.floor(fleet.devices / fleet.sites));
  if (found < expected) throw new Error(`${found} devices were found, ${expected} were expected.`);
}

async function register(runtime: Runtime): Promise<Figures[string]> {
  const rates: number[] = [];
  const start = performance.now();
  let [last, before] = [start, 0];
  const progress = registerDevices(app, runtime, registry, lines(), {
    name: 'bench',
    format: 'jsonl',
  });
  for await (const { lines: done } of progress) {
    const now = performance.now();
    rates.push(((done - before) / (now - last)) * 1000);
    [last, before] = [now, done];
  }
  const perSecond = (fleet.devices / (performance.now() - start)) * 1000;
  return {
    value: perSecond,
    best: Math.max(...rates),
    unit: 'devices/s',
    ratio: perSecond / median(rates),
    against: 'its own median batch of 500',
    note: `${fleet.devices.toLocaleString('en')} JSON lines; each device is a record with four tags, and an event that is published`,
  };
}

/** The table gets the very bodies that the store has. */
async function bodiesIn(store: StateStore) {
  const all: { id: string; site: string; body: string }[] = [];
  for (let from = 0; from < fleet.devices; from += 1000) {
    const count = Math.min(1000, fleet.devices - from);
    const keys = Array.from({ length: count }, (_, at) => `${registry.type}/${idOf(from + at)}`);
    (await store.load(keys)).forEach((stored, at) =>
      all.push({ id: idOf(from + at), site: siteOf(from + at), body: stored?.body ?? '' }),
    );
  }
  return all;
}
