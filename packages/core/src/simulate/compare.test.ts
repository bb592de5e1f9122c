import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { lives } from '../model/binding.ts';
import { defineDevice } from '../model/device.ts';
import { defineHome } from '../model/home.ts';
import { each } from '../model/reads.ts';
import { defineRule } from '../model/rule.ts';
import { compare, type Comparison } from './compare.ts';
import { simulate, type Moment } from './simulate.ts';

const sensor = defineDevice({
  type: 'sensor',
  state: z.object({ celsius: z.number() }),
  initial: { celsius: 20 },
});
const home = defineHome({
  type: 'home',
  state: z.object({ warned: z.number() }),
  initial: { warned: 0 },
});

/** What a rule with this threshold does over a cold night. */
function night(below: number, forMs = 0, timeline: readonly Moment[] = cooling) {
  const rule = defineRule({
    name: 'cold',
    per: home,
    watch: { sensors: each(sensor) },
    when: { cold: ({ sensors }) => sensors.some(({ state }) => state.celsius < below) },
    forMs,
    emit: ({ sensors }, { subject }) =>
      home.set(subject, { warned: sensors[0]?.state.celsius ?? 0 }),
  });
  const app = defineApp({ source: 'urn:acme', parts: [sensor, home, rule] });
  return simulate(app, timeline, { until: 100_000 });
}

const reads = (at: number, celsius: number): Moment => ({
  at,
  event: sensor.events.reported('s1', { celsius }),
});
const cooling = [{ at: 0, event: lives('s1', 'h1') }, reads(10, 16), reads(20, 14), reads(30, 12)];

const rule = (one: { readonly handler: string }) => one.handler === 'cold';
const warnings = ({ added, removed, moved }: Comparison) => ({
  added: added.filter(rule).map(({ at, data }) => [at, data]),
  removed: removed.filter(rule).map(({ at, data }) => [at, data]),
  moved: moved.filter(({ from }) => rule(from)).map(({ from, to }) => [from.at, to.at, to.because]),
});

describe('compare', () => {
  it('finds no difference between equal simulations', () => {
    const { equal, ...different } = compare(night(15), night(15));
    expect(different).toEqual({ added: [], removed: [], moved: [] });
    expect(equal).toBeGreaterThan(0);
  });

  it('finds what happens at another instant', () => {
    const still = cooling.slice(0, 3);
    const moved = warnings(compare(night(15, 0, still), night(15, 50, still)));
    expect(moved).toEqual({ added: [], removed: [], moved: [[20, 70, ['cold']]] });
  });

  it('finds what no longer happens, and what happens instead', () => {
    expect(warnings(compare(night(15), night(13)))).toEqual({
      removed: [[20, { warned: 14 }]],
      added: [[30, { warned: 12 }]],
      moved: [],
    });
  });

  it('finds what is new', () => {
    const { added, removed } = warnings(compare(night(0), night(15)));
    expect([added, removed]).toEqual([[[20, { warned: 14 }]], []]);
  });

  it('pairs each emission once', () => {
    const once = night(15);
    const again = night(15, 0, [...cooling, reads(40, 20), reads(50, 14)]);
    const { added, removed, moved } = warnings(compare(once, again));
    expect([added, removed, moved]).toEqual([[[50, { warned: 14 }]], [], []]);
  });
});
