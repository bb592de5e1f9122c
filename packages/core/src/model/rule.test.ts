import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { memoryStore } from '../ports/index.ts';
import { simulation } from '../simulate/index.ts';
import { lives } from './binding.ts';
import { defineDevice } from './device.ts';
import { defineEvent, type Draft } from './event.ts';
import { defineHome } from './home.ts';
import { each, type One } from './reads.ts';
import { defineRule, type RuleState } from './rule.ts';

const sensor = defineDevice({
  type: 'sensor',
  state: z.object({ celsius: z.number(), battery: z.number() }),
  initial: { celsius: 20, battery: 100 },
});
const home = defineHome({
  type: 'home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});
const warned = defineEvent('warned', z.object({ by: z.array(z.string()) }));

/** A rule that warns when it is cold and nobody is home, and the instants at which it did. */
function start(
  times: { forMs?: number; cooldownMs?: number } = {},
  homes = ['h1', 'h2'],
  store = memoryStore(),
) {
  const rule = defineRule({
    name: 'cold-and-empty',
    per: home,
    watch: { home, sensors: each(sensor, { pick: ['celsius'] }) },
    when: {
      nobodyHome: ({ home: { occupants } }) => occupants === 0,
      cold: ({ sensors }) => sensors.some(({ state }) => state.celsius < 15.5),
    },
    emit: ({ sensors }, { subject }) => warned(subject, { by: sensors.map((one) => one.subject) }),
    ...times,
  });
  const app = defineApp({
    source: 'urn:acme',
    parts: [sensor, home, rule, { handlers: [], defines: [warned] }],
  });
  const run = simulation(app, { store });
  const say = (at: number, event: Draft) => run.happen({ at, event });
  const fired = () =>
    run.published.filter(({ type }) => type === 'warned').map(({ time }) => Date.parse(time ?? ''));
  say(0, lives('s1', 'h1'));
  for (const heard of homes) say(0, home.set(heard, { occupants: 0 }));
  return { run, rule, say, fired };
}

const reads = (celsius: number, subject = 's1') => sensor.events.reported(subject, { celsius });
const people = (occupants: number) => home.set('h1', { occupants });

describe('a rule that has not heard of its home', () => {
  const unheard = () => {
    const story = start({}, []);
    story.say(1, reads(15));
    return story;
  };

  it('does not decide on a guess', () => {
    const { fired, run, rule } = unheard();
    expect(fired()).toEqual([]);
    expect(run.read(rule.ref('h1')).state).toMatchObject({ held: [], since: null });
  });

  it('decides when it hears that the home is as it was guessed to be', () => {
    const { say, fired } = unheard();
    say(2, people(0));
    expect(fired()).toEqual([2]);
  });

  it('hears of what was there before it when that is imported anew', () => {
    const before = simulation(defineApp({ source: 'urn:acme', parts: [sensor, home] }));
    const past = [lives('s1', 'h1'), people(0), reads(15)];
    before.happen(...past.map((event) => ({ at: 0, event })));
    const { say, fired } = start({}, [], before.store);
    say(1, home.events.imported('h1', {}));
    expect(fired()).toEqual([]);
    say(2, sensor.events.imported('s1', {}));
    expect(fired()).toEqual([2]);
  });
});

describe('a rule fires when its conditions become true', () => {
  it('whichever came last', () => {
    const cold = start();
    cold.say(1, people(0));
    cold.say(2, reads(15));
    expect(cold.fired()).toEqual([2]);
    const empty = start();
    empty.say(1, people(1));
    empty.say(2, reads(15));
    empty.say(3, people(0));
    expect(empty.fired()).toEqual([3]);
  });

  it.each([
    [15.49, [1]],
    [15.5, []],
  ])('at %s degrees: %j', (celsius, instants) => {
    const { say, fired } = start();
    say(1, reads(celsius));
    expect(fired()).toEqual(instants);
  });

  it('and not again while they stay true', () => {
    const { say, fired } = start();
    for (const [at, celsius] of [15, 14, 13, 14].entries()) say(at + 1, reads(celsius));
    expect(fired()).toEqual([1]);
  });

  it('and again after one of them was false', () => {
    const { say, fired } = start();
    say(1, reads(15));
    say(2, people(1));
    say(3, people(0));
    expect(fired()).toEqual([1, 3]);
  });

  it('with what it watches as it is then', () => {
    const { run, say } = start();
    say(0, lives('s2', 'h1'));
    say(1, reads(20, 's2'));
    say(2, reads(15));
    expect(run.published.find(({ type }) => type === 'warned')).toMatchObject({
      subject: 'h1',
      partitionkey: 'h1',
      data: { by: ['s1', 's2'] },
    });
  });

  it('and keeps their names as the reason', () => {
    const { run, rule, say } = start();
    say(1, reads(15));
    const look = run.read(rule.ref('h1'));
    expect(look.state).toMatchObject({ held: ['nobodyHome', 'cold'], since: 1, firedAt: 1 });
    expect(look.decisions).toMatchObject([{ at: 1, because: ['nobodyHome', 'cold'] }]);
  });

  it('and keeps apart what belongs to other homes', () => {
    const { run, rule, say, fired } = start();
    say(1, people(1));
    say(2, lives('s2', 'h2'));
    say(3, reads(15));
    say(4, reads(20, 's2'));
    expect(fired()).toEqual([]);
    expect(run.read(rule.ref('h2')).state.held).toEqual(['nobodyHome']);
  });
});

describe('a device that moves', () => {
  it('counts in its new home, and no longer in the old one', () => {
    const { run, rule, say, fired } = start();
    say(1, people(1));
    say(2, reads(15));
    say(3, lives('s1', 'h2'));
    expect(fired()).toEqual([3]);
    expect(run.read(rule.ref('h1')).state.held).toEqual([]);
  });

  it('counts nowhere once it lives nowhere', () => {
    const { rule, run, say } = start();
    say(1, reads(15));
    say(2, lives('s1', null));
    say(3, reads(10));
    expect(run.read(rule.ref('h1')).state.held).toEqual(['nobodyHome']);
    expect(run.read(rule.ref('s1')).exists).toBe(false);
  });

  it('may come back', () => {
    const { say, fired } = start();
    say(1, reads(15));
    say(2, lives('s1', 'h2'));
    say(3, lives('s1', 'h1'));
    expect(fired()).toEqual([1, 2, 3]);
  });
});

describe('forMs', () => {
  const forMs = 600_000;

  it('lets the rule fire when the conditions have held that long, at that instant', () => {
    const { run, say, fired } = start({ forMs });
    say(1_000, reads(15));
    run.advanceTo(600_999);
    expect(fired()).toEqual([]);
    run.advanceTo(601_000);
    expect(fired()).toEqual([601_000]);
  });

  it('is not disturbed by news that keep the conditions true', () => {
    const { run, say, fired } = start({ forMs });
    say(0, reads(15));
    say(300_000, reads(14));
    run.advanceTo(2_000_000);
    expect(fired()).toEqual([600_000]);
  });

  it('begins anew after a break', () => {
    const { run, say, fired } = start({ forMs });
    say(0, reads(15));
    say(599_999, people(1));
    say(700_000, people(0));
    run.advanceTo(2_000_000);
    expect(fired()).toEqual([1_300_000]);
  });

  it('is over at its very end: what breaks the conditions then comes too late', () => {
    const { say, fired } = start({ forMs });
    say(0, reads(15));
    say(600_000, people(1));
    expect(fired()).toEqual([600_000]);
  });

  it('fires as of when it was due, however late somebody looks', () => {
    const { run, rule, say, fired } = start({ forMs });
    say(0, reads(15));
    run.happen({ at: 5_000_000, event: reads(14) });
    expect(fired()).toEqual([600_000]);
    expect(run.read(rule.ref('h1')).timers).toEqual([]);
  });

  it('tells the reason of a decision that had to wait', () => {
    const { run, rule, say } = start({ forMs });
    say(0, reads(15));
    run.advanceTo(forMs);
    expect(run.read(rule.ref('h1')).decisions).toMatchObject([
      { at: forMs, because: ['nobodyHome', 'cold'], emitted: ['warned h1'] },
    ]);
  });

  it('cannot be cut short by whoever sends what the rule sends itself', () => {
    const { run, say, fired } = start({ forMs });
    say(0, reads(15));
    run.happen({ at: 1, event: { type: 'hearth.rule.elapsed', subject: 'h1', data: null } });
    expect(fired()).toEqual([]);
  });
});

describe('cooldownMs', () => {
  const again = (at: number) => {
    const { run, say, fired } = start({ cooldownMs: 1_000 });
    say(10, reads(15));
    say(20, people(1));
    say(at, people(0));
    run.advanceTo(10_000);
    return fired();
  };

  it('keeps the rule silent for that long after it fired', () => {
    expect(again(1_009)).toEqual([10]);
    expect(again(1_010)).toEqual([10, 1_010]);
  });

  it('does not make up for what it kept silent about', () => {
    const { run, say, fired } = start({ cooldownMs: 1_000 });
    say(10, reads(15));
    say(20, people(1));
    say(30, people(0));
    run.advanceTo(5_000);
    say(5_000, reads(14));
    expect(fired()).toEqual([10]);
  });

  it('counts from when the rule fired, not from when its conditions became true', () => {
    const { run, say, fired } = start({ forMs: 500, cooldownMs: 1_000 });
    say(0, reads(15));
    say(600, people(1));
    say(950, people(0));
    run.advanceTo(1_449);
    say(1_460, people(1));
    say(1_470, people(0));
    run.advanceTo(9_000);
    expect(fired()).toEqual([500, 1_970]);
  });
});

describe('a rule per device', () => {
  const low = defineRule({
    name: 'low-battery',
    per: sensor,
    watch: { sensor },
    when: { low: ({ sensor: { battery } }) => battery < 10 },
    emit: (_, { subject }) => warned(subject, { by: [] }),
    forMs: 1_000,
  });
  const app = defineApp({
    source: 'urn:acme',
    parts: [sensor, low, { handlers: [], defines: [warned] }],
  });

  it('decides for each device alone, whether it has a home or not', () => {
    const run = simulation(app);
    const battery = (subject: string, level: number) =>
      sensor.events.reported(subject, { battery: level });
    run.happen(
      { at: 0, event: lives('s1', 'h1') },
      { at: 0, event: battery('s1', 5) },
      { at: 10, event: battery('s2', 5) },
      { at: 20, event: battery('s3', 50) },
    );
    run.advanceTo(9_000);
    const warnings = run.published.filter(({ type }) => type === 'warned');
    expect(warnings.map(({ subject, time }) => [subject, Date.parse(time ?? '')])).toEqual([
      ['s1', 1_000],
      ['s2', 1_010],
    ]);
  });
});

describe('defineRule', () => {
  const options = {
    name: 'rule',
    per: home,
    watch: { home },
    when: { yes: () => true },
    emit: () => [],
  };

  it('needs a condition', () => {
    expect(() => defineRule({ ...options, when: {} })).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field: 'when',
        message: 'The rule "rule" has no condition in "when".',
      }),
    );
  });

  it.each([
    ['forMs', -1],
    ['forMs', 0.5],
    ['forMs', Number.NaN],
    ['cooldownMs', -1],
    ['cooldownMs', Infinity],
  ])('refuses a %s of %s', (field, ms) => {
    expect(() => defineRule({ ...options, [field]: ms })).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field,
        message: `The rule "rule" needs a ${field} of whole milliseconds, not ${ms}.`,
      }),
    );
  });

  it('takes 0 for both, which is as if they were absent', () => {
    expect(() => defineRule({ ...options, forMs: 0, cooldownMs: 0 })).not.toThrow();
  });

  it('infers what its functions see, and the names of its conditions', () => {
    const { rule } = start();
    expectTypeOf(rule.conditions).toEqualTypeOf<readonly ('nobodyHome' | 'cold')[]>();
    expectTypeOf(rule.ref('h1').view).returns.toEqualTypeOf<RuleState>();
    defineRule({
      ...options,
      watch: { home, sensors: each(sensor), temperatures: each(sensor, { pick: ['celsius'] }) },
      when: {
        yes: (seen) => {
          expectTypeOf(seen.home).toEqualTypeOf<{ occupants: number }>();
          expectTypeOf(seen.sensors).toEqualTypeOf<
            readonly One<{ celsius: number; battery: number }>[]
          >();
          expectTypeOf(seen.temperatures).toEqualTypeOf<readonly One<{ celsius: number }>[]>();
          return true;
        },
      },
      emit: (seen, { subject, now }) => {
        expectTypeOf(subject).toEqualTypeOf<string>();
        expectTypeOf(now).toEqualTypeOf<number>();
        // @ts-expect-error nothing of that name is watched
        void seen.lights;
        return [];
      },
    });
  });

  it('refuses what is no condition, no draft or no wish', () => {
    const typed = () => {
      // @ts-expect-error a condition is true or false
      defineRule({ ...options, when: { yes: ({ home: { occupants } }) => occupants } });
      // @ts-expect-error a typo in a property
      defineRule({ ...options, when: { yes: (seen) => seen.home.ocupants === 0 } });
      // @ts-expect-error a rule emits drafts
      defineRule({ ...options, emit: () => 'warned' });
      // @ts-expect-error a typo in a wish
      defineRule({ ...options, emit: () => home.set('h1', { ocupants: 1 }) });
      // @ts-expect-error an event cannot be watched
      defineRule({ ...options, watch: { warned } });
    };
    expect(typed).toBeTypeOf('function');
  });
});
