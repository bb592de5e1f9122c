import { existsSync, readFileSync } from 'node:fs';
import { defineApp, defineEvent, type CloudEvent } from '@hearth/core';
import { simulate } from '@hearth/core/simulate';
import { needs } from '@hearth/testing/needs';
import { describe, expect, it, type TestContext } from 'vitest';
import * as z from 'zod';
import { anomalies, type Ended } from './anomalies.ts';
import { downsample, type Aggregate } from './downsample.ts';

interface Row {
  readonly at: number;
  readonly celsius: number;
  readonly lux: number;
}

/** The rows of a recorded room, about one a minute for three days. */
function recording(context: TestContext): readonly Row[] {
  const given = process.env['HEARTH_ROOM_CSV'];
  if (given === undefined) context.skip('HEARTH_ROOM_CSV does not name a recording');
  const file = needs(context, existsSync(given) ? given : undefined, 'the file of HEARTH_ROOM_CSV');
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [, date = '', celsius, , lux] = line.replaceAll('"', '').split(',');
    return {
      at: Date.parse(`${date.replace(' ', 'T')}Z`),
      celsius: Number(celsius),
      lux: Number(lux),
    };
  });
}

const hour = 3_600_000;
const measured = defineEvent(
  'com.acme.room.measured',
  z.object({ celsius: z.number(), lux: z.number() }),
);
const hourly = downsample({
  name: 'com.acme.room.hourly',
  of: measured,
  value: ({ celsius }) => celsius,
  everyMs: hour,
  graceMs: 60_000,
});
const light = anomalies({
  name: 'com.acme.room.light',
  of: measured,
  value: ({ lux }) => lux,
  resolution: 20,
});
const app = defineApp({ source: 'urn:acme:home', parts: [hourly, light] });

function replay(rows: readonly Row[]) {
  const timeline = rows.map(({ at, celsius, lux }, index) => {
    const time = new Date(at).toISOString();
    const event: CloudEvent = {
      specversion: '1.0',
      id: `${index}`,
      source: 'urn:acme:room',
      type: measured.type,
      subject: 'room',
      time,
      data: { celsius, lux },
    };
    return { at, event };
  });
  return simulate(app, timeline, {
    start: rows[0]?.at ?? 0,
    until: (rows.at(-1)?.at ?? 0) + 2 * hour,
  });
}

describe('a recorded room', () => {
  it('has the same hours as when they are counted at once, and its light goes on and off', (context) => {
    const rows = recording(context);
    const { published, deadLetters, handled } = replay(rows);
    const hours = published
      .filter(({ type }) => type === hourly.name)
      .map(({ data }) => data as Aggregate);
    const groups = new Map<number, Row[]>();
    for (const row of rows) {
      const start = Math.floor(row.at / hour) * hour;
      groups.set(start, [...(groups.get(start) ?? []), row]);
    }
    const counted = [...groups].map(([start, group]) => ({
      from: new Date(start).toISOString(),
      min: Math.min(...group.map(({ celsius }) => celsius)),
      max: Math.max(...group.map(({ celsius }) => celsius)),
      mean: group.reduce((sum, { celsius }) => sum + celsius, 0) / group.length,
      count: group.length,
    }));
    expect(hours).toMatchObject(
      counted.map((one) => ({ ...one, mean: expect.closeTo(one.mean, 9) as number })),
    );
    expect(deadLetters).toEqual([]);
    expect(handled.every(({ verdict }) => verdict === 'done')).toBe(true);
    const ended = published
      .filter(({ type }) => type === light.ended.type)
      .map(({ data }) => data as Ended);
    const nights = ended.filter(({ count }) => count > 100);
    expect(nights).toMatchObject([
      { from: '2015-02-02T18:04:00.000Z', until: '2015-02-03T07:38:59.000Z', worst: { value: 0 } },
      { from: '2015-02-03T18:13:00.000Z', until: '2015-02-04T07:40:59.000Z', worst: { value: 0 } },
    ]);
    expect(ended.length).toBeLessThan(6);
  });
});
