import { defineApp, defineEvent, type CloudEvent } from '@hearth/core';
import { specify } from '@hearth/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { anomalies } from './anomalies.ts';

const measured = defineEvent(
  'com.acme.pump.measured',
  z.object({ millimetresPerSecond: z.number() }),
);
const shaking = anomalies({
  name: 'com.acme.pump.shaking',
  of: measured,
  value: ({ millimetresPerSecond }) => millimetresPerSecond,
  resolution: 0.1,
  window: 10,
});
const app = defineApp({ source: 'urn:acme:home', parts: [shaking] });

let count = 0;
const measure = (seconds: number, millimetresPerSecond: number): CloudEvent => ({
  specversion: '1.0',
  id: `${(count += 1)}`,
  source: 'urn:acme:pump:p1',
  type: measured.type,
  subject: 'p1',
  time: new Date(seconds * 1000).toISOString(),
  data: { millimetresPerSecond },
});
const series = (from: number, ...values: readonly number[]) =>
  values.map((value, index) => measure(from + index, value));

const usual = series(0, 1, 1.2, 1.1, 0.9, 1, 1.1, 1);
const start = 3_600_000;

describe('anomalies', () => {
  it('begin with several unusual values in a row, and end with several usual ones', () =>
    specify(app, { start })
      .given(...usual)
      .when(...series(10, 9, 11))
      .emitsNothing()
      .when(measure(12, 10))
      .emits(
        shaking.began('p1', {
          from: '1970-01-01T00:00:10.000Z',
          expected: 1,
          value: 11,
          score: 67.44907594765954,
        }),
      )
      .when(...series(13, 1, 1.1, 12, 1, 1.1))
      .emitsNothing()
      .when(measure(20, 1))
      .emits(
        shaking.ended('p1', {
          from: '1970-01-01T00:00:10.000Z',
          until: '1970-01-01T00:00:20.000Z',
          worst: { value: 12, score: 74.1939835424255 },
          count: 4,
          reason: 'usual',
        }),
      )
      .whateverHappens());

  it('are not made of single outliers, nor do these become usual', () => {
    const spikes = Array.from({ length: 20 }, (_, index) =>
      measure(10 + index, index % 2 ? 1 : 50),
    );
    specify(app, { start })
      .given(...usual)
      .when(...spikes)
      .emitsNothing();
  });

  it('are not seen in what differs by less than the resolution means', () => {
    specify(app, { start })
      .given(...series(0, 1, 1, 1, 1, 1, 1))
      .when(...series(10, 1.4, 1.4, 1.4, 1.4))
      .emitsNothing();
  });

  it('say nothing until half of the window is known', () => {
    specify(app, { start })
      .when(...series(0, 1, 100, 1, 100, 1))
      .emitsNothing()
      .leaves(shaking, 'p1', { unusual: null });
  });

  it('last until what is otherwise for long enough is usual, if that is wanted', () => {
    const moving = anomalies({
      name: 'com.acme.pump.moving',
      of: measured,
      value: ({ millimetresPerSecond }) => millimetresPerSecond,
      resolution: 0.1,
      window: 4,
      learnAfter: 5,
    });
    specify(defineApp({ source: 'urn:acme:home', parts: [moving] }), { start })
      .given(...series(0, 1, 1, 1, 1), ...series(10, 9, 9, 9, 9))
      .when(measure(14, 9))
      .emits(
        moving.ended('p1', {
          from: '1970-01-01T00:00:10.000Z',
          until: '1970-01-01T00:00:14.000Z',
          worst: { value: 9, score: 80 },
          count: 5,
          reason: 'learnt',
        }),
      )
      .when(...series(15, 9, 9, 9, 9))
      .emitsNothing();
  });

  it('pass over what was measured before the last value, and trust no clock that is ahead', () => {
    specify(app, { start: 100_000 })
      .given(...usual, measure(1_000_000, 1))
      .after(1000)
      .when(...series(97, 50, 50, 50), measure(101, 50), measure(100.5, 50))
      .emitsNothing()
      .leaves(shaking, 'p1', { at: 101_000 });
  });

  it('keep no more values than the window has', () => {
    specify(app, { start })
      .given(...series(0, ...Array.from({ length: 50 }, (_, index) => 1 + (index % 3) / 10)))
      .when(measure(60, 1))
      .leaves(shaking, 'p1', { usual: [1.2, 1, 1.1, 1.2, 1, 1.1, 1.2, 1, 1.1, 1] });
  });

  it('keep numbers that JSON has, for whatever values', () => {
    const most = Number.MAX_VALUE;
    specify(app, { start })
      .given(...series(0, most, -most, most, -most, most, -most))
      .when(...series(10, 0, most, -most))
      .emitsNothing();
  });

  it.each([
    [{ resolution: 0 }, 'resolution'],
    [{ threshold: Number.NaN }, 'threshold'],
    [{ window: 3 }, 'window'],
    [{ window: 1001 }, 'window'],
    [{ beginAfter: 0 }, 'beginAfter'],
    [{ learnAfter: 2 }, 'learnAfter'],
  ])('refuse %o', (wrong, field) => {
    const options = { name: 'x', of: measured, value: () => 1, resolution: 1 };
    expect(() => anomalies({ ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field }),
    );
  });
});
