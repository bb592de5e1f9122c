import { defineApp, defineEvent, type CloudEvent } from '@hearth/core';
import { specify } from '@hearth/testing';
import { array, assert, double, integer, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { downsample } from './downsample.ts';
import { withSample, type Window } from './windows.ts';

const minute = 60_000;
const measured = defineEvent(
  'com.acme.sensor.measured',
  z.object({ celsius: z.number().nullable() }),
);
const perMinute = downsample({
  name: 'com.acme.sensor.perMinute',
  of: measured,
  value: ({ celsius }) => celsius,
  everyMs: minute,
  graceMs: 10_000,
});
const app = defineApp({ source: 'urn:acme:home', parts: [perMinute] });
const start = Date.parse('2026-01-01T00:00:00Z');

let count = 0;
/** A value that was measured some seconds after midnight. */
const at = (seconds: number, celsius: number | null): CloudEvent => ({
  specversion: '1.0',
  id: `${(count += 1)}`,
  source: 'urn:acme:sensor:s1',
  type: measured.type,
  subject: 's1',
  time: new Date(start + seconds * 1000).toISOString(),
  data: { celsius },
});

const firstMinute = (values: object) =>
  perMinute.aggregate('s1', {
    from: '2026-01-01T00:00:00.000Z',
    until: '2026-01-01T00:01:00.000Z',
    ...values,
  } as never);

describe('downsample', () => {
  it('emits one aggregate when a window has closed', () =>
    specify(app, { start })
      .at(start + minute)
      .when(at(0, 20), at(20, 22), at(59.999, 18))
      .at(start + minute + 9999)
      .emitsNothing()
      .after(1)
      .emits(firstMinute({ min: 18, max: 22, mean: 20, count: 3 }))
      .leaves(perMinute, 's1', { windows: [], dropped: 0 })
      .whateverHappens());

  it('puts a late value into the window in which it was measured', () =>
    specify(app, { start })
      .given(at(1, 20))
      .at(start + minute + 5000)
      .when(at(61, 10), at(2, 30))
      .at(start + minute + 10_000)
      .emits(firstMinute({ min: 20, max: 30, mean: 25, count: 2 }))
      .whateverHappens());

  it('drops what comes after its window has closed, and says so with the next one', () =>
    specify(app, { start })
      .given(at(1, 20))
      .after(70_000)
      .when(at(2, 99), at(65, 10))
      .emitsNothing()
      .after(minute)
      .emits(
        perMinute.aggregate('s1', {
          from: '2026-01-01T00:01:00.000Z',
          until: '2026-01-01T00:02:00.000Z',
          min: 10,
          max: 10,
          mean: 10,
          count: 1,
          dropped: 1,
        }),
      )
      .whateverHappens());

  it('drops what a clock that is more ahead than the grace says', () => {
    specify(app, { start })
      .when(at(10.001, 20))
      .leaves(perMinute, 's1', { windows: [], dropped: 1 });
    specify(app, { start }).when(at(10, 20)).leaves(perMinute, 's1', { dropped: 0 });
  });

  it('passes over what is no value', () => {
    specify(app, { start }).when(at(1, null)).leaves(perMinute, 's1', { windows: [], dropped: 0 });
  });

  it('tells devices apart', () =>
    specify(app, { start })
      .given(at(1, 20), { ...at(2, 30), subject: 's2' })
      .after(70_000)
      .emits(firstMinute({ min: 20, max: 20, mean: 20, count: 1 }), {
        ...firstMinute({ min: 30, max: 30, mean: 30, count: 1 }),
        subject: 's2',
      })
      .whateverHappens());

  it('makes hours of minutes', () => {
    const hourly = downsample({
      name: 'com.acme.sensor.hourlyMost',
      of: perMinute.aggregate,
      value: ({ max }) => max,
      everyMs: 60 * minute,
      graceMs: 2 * minute,
    });
    specify(defineApp({ source: 'urn:acme:home', parts: [perMinute, hourly] }), { start })
      .given(at(1, 20))
      .after(30 * minute)
      .when(at(30 * 60, 24))
      .after(32 * minute)
      .leaves(perMinute, 's1', { windows: [] })
      .leaves(hourly, 's1', { windows: [] });
  });

  it('keeps no more windows than grace and length allow, whatever the clocks say', () => {
    const seconds = Array.from({ length: 300 }, (_, index) => 200 + ((index * 7919) % 43_000));
    const story = specify(app, { start }).when(...seconds.map((one) => at(one, one)));
    story.leaves(perMinute, 's1', { dropped: 300 });
  });

  it.each([
    [{ everyMs: 0 }, 'everyMs'],
    [{ everyMs: 1.5 }, 'everyMs'],
    [{ everyMs: 1000, graceMs: 49_001 }, 'graceMs'],
    [{ graceMs: -1 }, 'graceMs'],
  ])('refuses %o', (wrong, field) => {
    const options = { name: 'x', of: measured, value: () => 1, everyMs: 1000, graceMs: 0 };
    expect(() => downsample({ ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field }),
    );
  });
});

describe('a window', () => {
  it('has the same values in whatever order they come, but for the last digits of the mean', () => {
    const values = array(
      tuple(integer({ min: 0, max: 5999 }), double({ noNaN: true, noDefaultInfinity: true })),
    );
    assert(
      property(
        values.filter(({ length }) => length > 0),
        (samples) => {
          const fold = (list: typeof samples) =>
            list.reduce<readonly Window[]>(
              (all, [at_, value]) => withSample(all, { at: at_, value }, 1000),
              [],
            );
          const [one, other] = [fold(samples), fold(samples.toReversed())];
          const apart = (all: readonly Window[]) => all.map((window) => ({ ...window, mean: 0 }));
          expect(apart(one)).toEqual(apart(other));
          for (const { min, max, mean } of one) {
            expect(Number.isFinite(mean)).toBe(true);
            const slack = 1e-9 * Math.max(Math.abs(min), Math.abs(max)) + Number.MIN_VALUE * 16;
            expect(mean).toBeGreaterThanOrEqual(min - slack);
            expect(mean).toBeLessThanOrEqual(max + slack);
          }
        },
      ),
      { seed: 11, numRuns: 200 },
    );
  });
});
