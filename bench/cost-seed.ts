import { handle, lives, sweep, type Draft, type Input } from '@hearth/core';
import { simulatedClock } from '@hearth/testing';
import { counting, type Counts } from './counting.ts';
import type { Figure, Figures } from './figure.ts';
import { app, thermostat } from './first-screen.ts';
import { prices, type Prices } from './prices.ts';
import { isQuick } from './rounds.ts';

const fleet = { devices: 100_000, eventsPerDay: 50 };
/** What is run in their place: homes with two thermostats each. */
const sample = { devices: isQuick ? 10 : 200, perHome: 2 };
const monthDays = 365 / 12;
const batchSize = 10;
const dayMs = 86_400_000;

/** Counts what a day of a part of the fleet costs the production code, and prices a month of the whole. */
export async function measure(): Promise<Figures> {
  const counts = await aDay();
  const figures = prices.map((table) => [`cost.seed.${table.cloud}`, figureOf(counts, table)]);
  return Object.fromEntries(figures) as Figures;
}

/** A day with a thermostat's reading every half hour or so, in batches as a queue hands them out, and a sweep every minute. */
async function aDay(): Promise<Counts> {
  const start = Date.UTC(2026, 0, 1);
  const clock = simulatedClock(start, { autoAdvance: true });
  const { counts, store, publisher } = counting();
  const runtime = { store, publisher, clock, sweep: true };
  const ids = Array.from({ length: sample.devices }, (_, n) => `t${n}`);
  const homes = ids.map((id, n) => inputOf(lives(id, `h${Math.floor(n / sample.perHome)}`), id));
  await handle(app, homes, runtime);
  Object.assign(counts, { reads: [], writes: [], due: 0, tags: 0, published: 0, pages: 0 });
  const everyMs = dayMs / (sample.devices * fleet.eventsPerDay);
  let swept = start;
  let batch: Input[] = [];
  for (let n = 0; n < sample.devices * fleet.eventsPerDay; n += 1) {
    await clock.advance(start + n * everyMs - clock.now());
    const celsius = celsiusAt(n, clock.now() - start);
    const id = ids[n % ids.length] as string;
    batch.push(inputOf(thermostat.events.temperature(id, { celsius }), `r${n}`));
    if (batch.length === batchSize) {
      const handled = await handle(app, batch, runtime);
      if (handled.some(({ verdict }) => verdict !== 'done'))
        throw new Error('An input was not done.');
      batch = [];
    }
    for (; swept + 60_000 <= clock.now(); swept += 60_000) await sweep(app, runtime);
  }
  return counts;
}

/** Warm by day and cool by night, in tenths of a degree; no two readings in a row are quite the same. */
function celsiusAt(n: number, sinceMs: number): number {
  const curve = 19 - 2 * Math.cos((2 * Math.PI * sinceMs) / dayMs);
  return Math.round(10 * curve + ((n * 7) % 3)) / 10;
}

function inputOf({ type, subject, data }: Draft, id: string): Input {
  const event = { specversion: '1.0', id, source: 'urn:acme:hub', type, subject, data } as const;
  return { event, principal: { kind: 'service', id: 'bench' }, attempt: 1 };
}

function figureOf(counts: Counts, table: Prices): Figure {
  const factor = (fleet.devices / sample.devices) * monthDays;
  const units = (sizes: readonly number[], bytes: number) =>
    sizes.reduce((sum, size) => sum + Math.max(1, Math.ceil(size / bytes)), 0);
  const { entries, read, write } = table;
  const events = fleet.devices * fleet.eventsPerDay * monthDays;
  const invocations = events / batchSize;
  const indexed = counts.due * entries.due + counts.tags * entries.tag;
  const way = events * table.message + invocations * table.invocation + table.month;
  // Sweeps are as many for a large fleet as for a small one.
  const sweeps = counts.pages * monthDays * (table.invocation + read.dollars);
  const store =
    factor *
    (units(counts.reads, read.bytes) * read.dollars +
      (units(counts.writes, write.bytes) + indexed) * write.dollars);
  const value = way + sweeps + store + factor * counts.published * table.publication;
  const bare = way + events * (read.dollars + write.dollars);
  return {
    value,
    unit: '$/month',
    ratio: value / bare,
    against: 'one read and one small write an event, with the same queue and function',
    note: noteOf(counts, factor, table),
  };
}

function noteOf(counts: Counts, factor: number, table: Prices): string {
  const millions = (count: number) => `${Math.round((count * factor) / 1e6)} M`;
  const gigabytes = (sizes: readonly number[]) =>
    `${Math.round((sizes.reduce((sum, size) => sum + size, 0) * factor) / 1e9)} GB`;
  const { reads, writes } = counts;
  const requests = (fleet.devices * fleet.eventsPerDay * monthDays) / batchSize / 1e6;
  return [
    `${table.services}; ${table.region}, prices of ${table.asOf}.`,
    `${fleet.devices.toLocaleString('en')} devices × ${fleet.eventsPerDay} events a day:`,
    `${millions(reads.length)} reads (${gigabytes(reads)}), ${millions(writes.length)} writes (${gigabytes(writes)}),`,
    `${millions(counts.due)} due and ${millions(counts.tags)} tag entries, ${millions(counts.published)} publications,`,
    `${Math.round(requests)} M requests`,
  ].join(' ');
}
