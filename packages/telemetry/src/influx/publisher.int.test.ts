import {
  defineApp,
  defineEvent,
  handle,
  type CloudEvent,
  type Incoming,
  type Outgoing,
} from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { influxNeeds, startInflux } from '@hearth/emulators/influx';
import { publisherCases, unmetNeed, type PublisherHarness } from '@hearth/testing/conformance';
import { simulatedClock } from '@hearth/testing';
import { needs } from '@hearth/testing/needs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startStrictInflux, type StrictInflux } from '../../test/strict-influx.ts';
import { downsample } from '../downsample.ts';
import { influxPublisher, type PointsOf } from './publisher.ts';

type Measured = Incoming<string, { readonly celsius: number | string }>;

const type = 'com.acme.sensor.measured';
const outgoing = (id: string, data: object, time = '2026-01-01T00:00:00.000000001Z'): Outgoing => {
  const event = { specversion: '1.0', id, source: 'urn:s', type, subject: `s ${id}`, time, data };
  return { event: event as CloudEvent, body: JSON.stringify(event) };
};
const toPoint: PointsOf = ({ subject, data }: Measured) => ({
  measurement: 'm',
  tags: { device: subject },
  fields: { celsius: data.celsius },
});

describe('influxPublisher', () => {
  let influx: StrictInflux;
  beforeEach(async () => {
    influx = await startStrictInflux();
  });
  afterEach(() => influx.close());
  const publisher = (more: object = {}) =>
    influxPublisher({ url: influx.url, db: 'home', points: { [type]: toPoint }, ...more });

  const harness = (): PublisherHarness => ({
    publisher: influxPublisher({
      url: influx.url,
      db: 'home',
      points: new Proxy<Record<string, PointsOf>>(
        {},
        {
          getOwnPropertyDescriptor: () => ({ configurable: true, value: 1 }),
          get: () => everything,
        },
      ),
    }),
    async received() {
      return [...influx.points.keys()].map((key) => ({ id: /id=([^ ]+)/.exec(key)?.[1] ?? '' }));
    },
    failFor(ids) {
      influx.refuse = (line) => (ids.some((id) => line.includes(`id=${id} `)) ? 503 : 204);
    },
    cutOff: () => influx.close(),
  });
  const everything: PointsOf = ({ id }) => ({
    measurement: 'm',
    tags: { id },
    fields: { v: 1 },
    time: 1n,
  });

  it.for(publisherCases)('as every publisher: $name', async (each, context) => {
    const unmet = unmetNeed(each, harness());
    if (unmet !== undefined)
      context.skip(`${unmet}: points have no order, no body, and no largest size`);
    // A 503 is of the whole request.
    if (each.needs?.includes('failFor') === true)
      context.skip('a server that is down is down for all points of a request');
    await each.run(harness());
  });

  it('sends what is published at once together, with the token of the moment', async () => {
    let count = 0;
    const { publish } = publisher({ token: async () => `secret-${(count += 1)}` });
    await Promise.all([
      publish([outgoing('1', { celsius: 20 })]),
      publish([outgoing('2', { celsius: 21.5 })]),
    ]);
    await publish([outgoing('3', { celsius: 22 })]);
    expect(influx.requests).toEqual([
      {
        path: '/write?db=home&precision=ns',
        token: 'Token secret-1',
        lines: [
          String.raw`m,device=s\ 1 celsius=20 1767225600000000001`,
          String.raw`m,device=s\ 2 celsius=21.5 1767225600000000001`,
        ],
      },
      expect.objectContaining({ token: 'Token secret-2' }),
    ]);
  });

  it('writes to a bucket, too', async () => {
    const { publish } = influxPublisher({
      url: `${influx.url}/`,
      bucket: 'b c',
      org: 'o',
      points: { [type]: toPoint },
    });
    await publish([outgoing('1', { celsius: 20 })]);
    expect(influx.requests[0]?.path).toBe('/api/v2/write?bucket=b+c&org=o&precision=ns');
  });

  it('fails for good what InfluxDB does not take, and nothing beside it', async () => {
    influx.refuse = (line) => (line.includes('"') ? 400 : 204);
    const events = ['1', '2', '3', '4', '5'].map((id) =>
      outgoing(id, { celsius: id === '4' ? 'x' : 1 }),
    );
    const results = await publisher().publish(events);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'published',
      'published',
      'published',
      'failed',
      'published',
    ]);
    expect(results[3]).toMatchObject({ error: { code: 'invalid-data', retryable: false } });
    expect(JSON.stringify(results[3])).not.toContain('secret');
    expect(influx.points.size).toBe(4);
  });

  it.each([
    [429, 'publisher-unavailable'],
    [500, 'publisher-unavailable'],
    [503, 'publisher-unavailable'],
    [401, 'not-permitted'],
    [404, 'not-found'],
  ])('lets everything be tried again after %i', async (status, code) => {
    influx.refuse = () => status;
    const results = await publisher().publish([
      outgoing('1', { celsius: 1 }),
      outgoing('2', { celsius: 1 }),
    ]);
    expect(results).toMatchObject([
      { outcome: 'failed', error: { code, retryable: true } },
      { outcome: 'failed', error: { code, retryable: true } },
    ]);
    expect(influx.requests).toHaveLength(1);
  });

  it('makes a request that is too large smaller', async () => {
    const { publish } = publisher({ maxLines: 2 });
    await publish(['1', '2', '3'].map((id) => outgoing(id, { celsius: 1 })));
    expect(influx.requests.map(({ lines }) => lines.length)).toEqual([2, 1]);
    influx.refuse = () => 413;
    expect(await publish([outgoing('4', { celsius: 1 })])).toMatchObject([
      { error: { code: 'limit-exceeded', retryable: false } },
    ]);
  });

  it('waits no longer than told', async () => {
    influx.isSilent = true;
    expect(
      await publisher({ timeoutMs: 20 }).publish([outgoing('1', { celsius: 1 })]),
    ).toMatchObject([{ error: { code: 'publisher-unavailable', retryable: true } }]);
  });

  it('fails an event of which no point can be made, and the token that does not come', async () => {
    const throws = () => {
      throw new Error('a bug');
    };
    const results = await Promise.all([
      publisher({ points: { [type]: throws } }).publish([outgoing('1', {})]),
      publisher().publish([outgoing('1', { celsius: Number.NaN })]),
      publisher({ token: throws }).publish([outgoing('1', { celsius: 1 })]),
    ]);
    expect(results.flat()).toMatchObject([
      { error: { code: 'invalid-data', field: 'points', retryable: false } },
      { error: { code: 'invalid-data', field: 'fields.celsius', retryable: false } },
      { error: { code: 'publisher-unavailable', retryable: true } },
    ]);
    expect(influx.requests).toEqual([]);
  });

  it('leaves other types to others, but no dead letter', async () => {
    const other = { ...outgoing('1', {}), event: { ...outgoing('1', {}).event, type: 'other' } };
    const dead = { ...other, event: { ...other.event, type: 'hearth.deadletter' } };
    const missing = { outcome: 'failed', error: { code: 'invalid-option', field: 'points' } };
    expect(await publisher().publish([other, dead])).toMatchObject([
      { outcome: 'published' },
      missing,
    ]);
    expect(await publisher({ unrouted: 'fail' }).publish([other])).toMatchObject([missing]);
  });

  it.each([
    [{ url: 'influx' }, 'url'],
    [{ url: 'http://me:secret@127.0.0.1' }, 'url'],
    [{ db: '' }, 'db'],
  ])('refuses %o', (wrong, field) => {
    expect(() => publisher(wrong)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }),
    );
  });
});

describe('InfluxDB itself', () => {
  let influx: Awaited<ReturnType<typeof startInflux>>;
  beforeAll(async () => {
    influx = await startInflux();
    if (influx !== undefined) await query('CREATE DATABASE home', 'POST');
  });
  afterAll(() => influx?.stop());
  beforeEach((context) => void needs(context, influx, influxNeeds));

  const query = async (q: string, method = 'GET') => {
    const response = await fetch(
      `${influx?.url}/query?${new URLSearchParams({ db: 'home', q, epoch: 'ns' }).toString()}`,
      { method },
    );
    const text = (await response.text()).replaceAll(/\b(\d{17,})\b/g, '"$1"');
    return (
      JSON.parse(text) as { results: { series?: { values: unknown[][]; columns: string[] }[] }[] }
    ).results[0]?.series?.[0];
  };
  const publisher = (points: PointsOf, db = 'home') =>
    influxPublisher({ url: influx?.url ?? '', db, points: { [type]: points } });

  it('keeps names, values and nanoseconds as they are', async () => {
    const tags = { 'a key, with = signs': String.raw`C:\Program Files, "x"=1 ü🔥` };
    const fields = {
      'f =,': String.raw`say "hi" \ and` + '\nmore',
      int: 9_007_199_254_740_993n,
      is: true,
      x: -1.5e-7,
    };
    const [result] = await publisher(() => ({ measurement: 'odd, name', tags, fields })).publish([
      outgoing('1', {}),
    ]);
    expect(result).toEqual({ outcome: 'published' });
    const found = await query('SELECT * FROM "odd, name"');
    const row = Object.fromEntries(
      found?.columns.map((name, at) => [name, found.values[0]?.[at]]) ?? [],
    );
    expect(row).toEqual({
      time: '1767225600000000001',
      ...tags,
      'f =,': fields['f =,'],
      int: 9_007_199_254_740_992,
      is: true,
      x: -1.5e-7,
    });
  });

  it('keeps a point once, however often and late it comes', async () => {
    const { publish } = publisher(toPoint);
    const late = outgoing('late', { celsius: 19 }, '2020-01-01T00:00:00Z');
    await publish([outgoing('late', { celsius: 20 }), late, late]);
    await publish([late]);
    const found = await query('SELECT celsius FROM m');
    expect(found?.values.map(([, celsius]) => celsius)).toEqual([19, 20]);
  });

  it('refuses what does not fit, which fails alone, and says so where there is no database', async () => {
    const { publish } = publisher(({ data }: Measured) => ({
      measurement: 'typed',
      tags: { t: `${data.celsius}` },
      fields: { v: data.celsius },
    }));
    await publish([outgoing('1', { celsius: 1 })]);
    const results = await publish([
      outgoing('2', { celsius: 2 }),
      outgoing('3', { celsius: 'x' }),
      outgoing('4', { celsius: 4 }),
    ]);
    expect(results).toMatchObject([
      { outcome: 'published' },
      {
        outcome: 'failed',
        error: {
          code: 'invalid-data',
          message: expect.stringContaining('field type conflict') as string,
        },
      },
      { outcome: 'published' },
    ]);
    expect((await query('SELECT v FROM typed'))?.values).toHaveLength(3);
    expect(await publisher(toPoint, 'none').publish([outgoing('1', { celsius: 1 })])).toMatchObject(
      [{ outcome: 'failed', error: { code: 'not-found', retryable: true } }],
    );
  });

  it('takes what an app has made of many values', async () => {
    const measured = defineEvent(type, z.object({ celsius: z.number() }));
    const perMinute = downsample({
      name: 'com.acme.perMinute',
      of: measured,
      value: ({ celsius }) => celsius,
      everyMs: 60_000,
      graceMs: 0,
    });
    const app = defineApp({ source: 'urn:acme:home', parts: [perMinute] });
    const clock = simulatedClock(Date.parse('2026-01-01T00:00:59Z'));
    const points: PointsOf = ({
      subject,
      data,
    }: Incoming<
      string,
      { from: string; min: number; max: number; mean: number; count: number }
    >) => {
      const { from, min, max, mean, count } = data;
      return {
        measurement: 'minutes',
        tags: { device: subject },
        fields: { min, max, mean, count: BigInt(count) },
        time: from,
      };
    };
    const runtime = {
      store: memoryStore(),
      clock,
      publisher: influxPublisher({
        url: influx?.url ?? '',
        db: 'home',
        points: { 'com.acme.perMinute': points },
      }),
    };
    const inputs = [20, 21]
      .map((celsius, at) => ({
        event: outgoing(`${at}`, { celsius }).event,
        principal: { kind: 'service', id: 'test' } as const,
      }))
      .map((input) => ({ ...input, event: { ...input.event, subject: 's1' } }));
    await handle(app, inputs, runtime);
    const next = { ...inputs[0]?.event, id: '3', time: '2026-01-01T00:01:01Z' } as CloudEvent;
    await handle(
      app,
      [
        {
          event: next,
          principal: { kind: 'service', id: 'test' },
          now: Date.parse('2026-01-01T00:01:01Z'),
        },
      ],
      runtime,
    );
    const found = await query('SELECT count, max, mean, min FROM minutes');
    expect(found?.values).toEqual([['1767225600000000000', 2, 21, 20.5, 20]]);
  });
});
