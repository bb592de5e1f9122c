import { defineApp, defineCall, defineDevice, defineEvent, defineHandler } from '@hearth/core';
import { defineHome, defineRule, each, events, lives } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fake, has, specify, UnmetExpectation } from './index.ts';

const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({
    localTemperature: z.number().nullable(),
    occupiedHeatingSetpoint: z.number(),
  }),
  initial: { localTemperature: null, occupiedHeatingSetpoint: 20 },
  writable: z.object({ occupiedHeatingSetpoint: z.number().min(5).max(35) }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number().min(-40).max(85) }),
      apply: ({ celsius }, set) => set({ localTemperature: celsius }),
    },
  },
});

const home = defineHome({
  type: 'com.acme.home',
  state: z.object({ occupants: z.number() }),
  initial: { occupants: 0 },
});

const coldAndEmpty = defineRule({
  name: 'cold-and-empty',
  per: home,
  watch: { home, thermostats: each(thermostat) },
  when: {
    nobodyHome: ({ home: { occupants } }) => occupants === 0,
    cold: ({ thermostats }) =>
      thermostats.some(
        ({ state }) => state.localTemperature !== null && state.localTemperature < 15.5,
      ),
  },
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { occupiedHeatingSetpoint: 18 })),
});

const app = defineApp({ source: 'urn:acme:home', parts: [thermostat, home, coldAndEmpty] });
const cold = thermostat.events.temperature('t1', { celsius: 14 });
const warmer = thermostat.set('t1', { occupiedHeatingSetpoint: 18 });

const pressed = defineEvent('com.acme.bell.pressed', z.object({ photo: z.string() }));
const rung = defineEvent('com.acme.bell.rung', z.object({ who: z.string() }));
const remind = defineEvent('com.acme.bell.remind', z.object({}));
const reminded = defineEvent('com.acme.bell.reminded', z.object({}));
const classify = defineCall({
  type: 'com.acme.classify',
  request: z.object({ photo: z.string() }),
  result: z.object({ label: z.string() }),
  timeoutMs: 1000,
  attempts: 2,
});
const bell = defineHandler({
  name: 'bell',
  state: z.object({ presses: z.number(), mute: z.boolean() }),
  initial: { presses: 0, mute: false },
})
  .on(pressed, ({ state, event, now, principal }) => {
    if (event.data.photo === '') throw new TypeError('no photo');
    if (state.mute) return { reject: { code: 'muted' } };
    return {
      state: { ...state, presses: state.presses + 1 },
      emit: classify(event.subject, event.data),
      timers: [{ key: 'remind', at: now + 60_000, event: remind(event.subject, {}) }],
      reply: { presses: state.presses + 1, by: principal.kind },
    };
  })
  .on(classify.done, ({ event }) => ({
    emit: rung(event.subject, { who: event.data.result.label }),
  }))
  .on(classify.failed, ({ event }) => ({ emit: rung(event.subject, { who: event.data.code }) }))
  .on(remind, ({ event }) => ({ emit: reminded(event.subject, {}) }));
const doorApp = defineApp({
  source: 'urn:acme:door',
  parts: [bell, classify, events(rung, reminded)],
});
const press = pressed('b1', { photo: 'cat.jpg' });

/** What a story fails with. */
function failure(story: () => unknown): string {
  try {
    story();
  } catch (error) {
    if (error instanceof UnmetExpectation) return error.message;
    throw error;
  }
  throw new Error('The story did not fail.');
}

describe('specify', () => {
  it('tells the story of the first screen', () =>
    specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(cold)
      .emits(warmer)
      .because('nobodyHome', 'cold')
      .whateverHappens());

  it('checks at once, and is no promise until the end', () => {
    const story = specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(cold);
    expect(story).not.toHaveProperty('then');
    expect(() => story.emitsNothing()).toThrow(UnmetExpectation);
  });

  it('tells a story in rounds', () =>
    specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 1 }))
      .when(cold)
      .emitsNothing()
      .when(home.set('h1', { occupants: 0 }))
      .emits(warmer)
      .when(thermostat.events.temperature('t1', { celsius: 13 }))
      .emitsNothing()
      .whateverHappens());

  it('names bookkeeping events only if the story does', () => {
    const desired = thermostat.events.desired('t1', {
      desired: { occupiedHeatingSetpoint: 18 },
      desiredRev: 1,
    });
    specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(cold)
      .emits(warmer, desired);
  });

  it('lets time pass, and timers run', () =>
    specify(doorApp, { start: '2026-01-01T00:00:00Z' })
      .calls(fake(classify, ({ photo }) => ({ label: photo.slice(0, 3) })))
      .when(press)
      .emits(classify('b1', { photo: 'cat.jpg' }), rung('b1', { who: 'cat' }))
      .after(59_999)
      .emitsNothing()
      .at('2026-01-01T00:01:00Z')
      .emits(reminded('b1', {}))
      .whateverHappens());

  it('tells a story with timers again, whatever happens to the sweep that runs them', () => {
    const waiter = defineHandler({ name: 'waiter', state: z.number(), initial: 0 })
      .on(pressed, ({ event, now }) => ({
        timers: [{ key: 'remind', at: now + 60_000, event: remind(event.subject, {}) }],
      }))
      .on(remind, ({ state, event }) => ({ state: state + 1, emit: reminded(event.subject, {}) }));
    return specify(defineApp({ source: 'urn:acme:waiter', parts: [waiter, events(reminded)] }))
      .when(press)
      .after(60_000)
      .emits(reminded('b1', {}))
      .whateverHappens();
  });

  it('lets a fake fail as often as the call is tried', () => {
    const down = () => {
      throw new Error('down');
    };
    specify(doorApp)
      .calls({ 'com.acme.classify': down })
      .when(press)
      .emits(classify('b1', { photo: 'cat.jpg' }))
      .after(5000)
      .emits(rung('b1', { who: 'call-failed' }));
  });

  it('begins with a record as it is told', () =>
    specify(doorApp)
      .given(has(bell, 'b1', { presses: 41 }))
      .as({ kind: 'device', id: 'b1' })
      .when(press)
      .replies({ presses: 42, by: 'device' })
      .leaves(bell, 'b1', { presses: 42 })
      .leaves(bell.ref('b1'), { mute: false })
      .whateverHappens());

  it('expects a rejection by its code', () =>
    specify(doorApp)
      .given(has(bell, 'b1', { mute: true }))
      .when(press)
      .rejects('muted')
      .emitsNothing()
      .whateverHappens());

  it('lets nobody speak for another', () => {
    specify(app).as({ kind: 'device', id: 't2' }).when(cold).rejects('not-permitted');
  });

  it('takes events with an identity of their own', () => {
    const event = { specversion: '1.0', id: '7', source: 'urn:t1', ...cold } as const;
    specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(event, event)
      .emits(warmer)
      .when({ ...event, data: { celsius: 13 } })
      .rejects('id-reused');
  });
});

describe('a story that is not true', () => {
  it('says what came instead, which conditions hold, and what happened', () => {
    const message = failure(() =>
      specify(app)
        .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 2 }))
        .when(cold)
        .emits(warmer),
    );
    expect(message).toMatchInlineSnapshot(`
      "0 of 1 expected events came:
        missing     com.acme.thermostat.set t1 {"occupiedHeatingSetpoint":18}

      The rules:
        cold-and-empty h1: nobodyHome does not hold, cold holds; has not fired

      The story so far:
        0 s  given hearth.device.bound t1 {"home":"h1"}
            com.acme.thermostat t1
        0 s  given com.acme.home.imported h1 {"occupants":2}
            com.acme.home h1
              → com.acme.home.changed h1 {"occupants":2}
            cold-and-empty h1
        0 s  when com.acme.thermostat.temperature t1 {"celsius":14}
            com.acme.thermostat t1
              → com.acme.thermostat.changed t1 {"localTemperature":14,"occupiedHeatingSetpoint":20}
            cold-and-empty h1"
    `);
  });

  it('says where an event is not the one that was expected', () => {
    const message = failure(() =>
      specify(app)
        .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
        .when(cold)
        .emits(thermostat.set('t1', { occupiedHeatingSetpoint: 17 })),
    );
    expect(message.split('\n').slice(0, 4)).toMatchInlineSnapshot(`
      [
        "0 of 1 expected events came, and 1 that nobody expected:",
        "  missing     com.acme.thermostat.set t1 {"occupiedHeatingSetpoint":17}",
        "              data.occupiedHeatingSetpoint: expected 17, got 18",
        "  unexpected  com.acme.thermostat.set t1 {"occupiedHeatingSetpoint":18}",
      ]
    `);
  });

  it('says when a rule has heard of nothing', () => {
    const message = failure(() => specify(app).when(cold).emits(warmer));
    expect(message).toContain('cold-and-empty has heard of nothing that it watches');
  });

  it('knows the conditions that there are', () => {
    const story = specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(cold);
    expect(failure(() => story.because('nobodyHome', 'colt'))).toContain(
      'has the condition "colt". Known are "nobodyHome", "cold".',
    );
    expect(failure(() => story.because('cold'))).toContain('cold-and-empty h1: nobodyHome, cold');
  });

  it('does not overlook what was rejected', () => {
    const tooHot = thermostat.events.temperature('t1', { celsius: 99 });
    expect(failure(() => specify(app).when(tooHot).emitsNothing())).toContain(
      "If this is meant, say .rejects('invalid-data') right after.",
    );
  });

  it('does not overlook what the app itself refuses', () => {
    const muted = defineHandler({ name: 'porch', state: z.null(), initial: null }).on(
      reminded,
      ({ event }) => ({ emit: pressed(event.subject, { photo: 'porch.jpg' }) }),
    );
    const porch = defineApp({
      source: 'urn:acme:door',
      parts: [muted, bell, classify, events(rung, reminded)],
    });
    const story = specify(porch)
      .calls(fake(classify, () => ({ label: 'nobody' })))
      .given(has(bell, 'b1', { mute: true }))
      .when(reminded('b1', {}));
    expect(failure(() => story.emitsNothing())).toContain(
      'pressed b1 {"photo":"porch.jpg"} became a dead letter: muted',
    );
  });

  it('shows what a step threw', () => {
    const story = specify(doorApp).when(pressed('b1', { photo: '' }));
    const message = failure(() => story.emitsNothing());
    expect(message).toContain('could not be handled: step-failed');
    expect(() => story.emitsNothing()).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ cause: new TypeError('no photo') }),
      }),
    );
  });

  it('says where a record is not left as expected', () => {
    const story = specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(cold);
    expect(failure(() => story.leaves(thermostat, 't1', { localTemperature: 15 }))).toContain(
      'localTemperature: expected 15, got 14',
    );
    expect(failure(() => story.leaves(home, 'h2', { occupants: 1 }))).toContain('It has no record');
  });

  it('points at its own line', () => {
    const story = specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 0 }))
      .when(cold);
    const { stack = '' } = (() => {
      try {
        story.emitsNothing();
        return new Error('none');
      } catch (error) {
        return error as Error;
      }
    })();
    expect(stack.split('\n').find((line) => line.startsWith('    at '))).toContain(
      'specify.test.ts',
    );
  });

  it('cannot go back in time', () => {
    expect(failure(() => specify(app).at(10).at(9))).toContain('cannot go back');
  });

  it('fakes calls before anything happens', () => {
    expect(failure(() => specify(doorApp).given().when(press).calls({}))).toContain(
      'say calls(…) first',
    );
  });
});

describe('whatever happens', () => {
  const comeAndGo = [
    home.set('h1', { occupants: 0 }),
    cold,
    home.set('h1', { occupants: 1 }),
  ] as const;

  it('finds out that the order of two subjects matters, if they are said together', async () => {
    const story = specify(app)
      .given(lives('t1', 'h1'), has(home, 'h1', { occupants: 2 }))
      .when(...comeAndGo)
      .emits(warmer);
    await expect(story.whateverHappens()).rejects.toThrow('If its order matters, say when(…)');
  });

  it('lets the order of two subjects matter, if they are said in rounds', async () => {
    const story = specify(app).given(lives('t1', 'h1'), has(home, 'h1', { occupants: 2 }));
    await comeAndGo.reduce((told, one) => told.when(one), story).whateverHappens();
  });

  it('finds out that a step remembers outside of its record, and names what happened', async () => {
    let presses = 0;
    const forgetful = defineHandler({ name: 'forgetful', state: z.number(), initial: 0 }).on(
      pressed,
      ({ state, event }) => {
        presses += 1;
        return { state: state + 1, emit: rung(event.subject, { who: `press ${presses}` }) };
      },
    );
    const impure = defineApp({ source: 'urn:impure', parts: [forgetful, events(rung)] });
    const story = specify(impure)
      .when(press)
      .emits(rung('b1', { who: 'press 1' }));
    await expect(story.whateverHappens()).rejects.toThrow('published with other bytes');
  });

  it('names what happened, the seed and the difference', async () => {
    let runs = 0;
    const flaky = defineHandler({ name: 'flaky', state: z.number(), initial: 0 }).on(
      pressed,
      () => {
        runs += 1;
        // The simulation, the production path and the bus are the first three.
        return { state: runs <= 3 ? 1 : 2 };
      },
    );
    const story = specify(defineApp({ source: 'urn:flaky', parts: [flaky] })).when(press);
    const message = await story.whateverHappens({ seed: 7 }).catch(String);
    expect(message).toBe(
      [
        'UnmetExpectation: The story ends otherwise when every input doubled at once:',
        '  record flaky/b1: state: expected 1, got 2',
        '',
        "Tell it like this again with .whateverHappens({ seed: 7, only: 'every input doubled at once' }).",
      ].join('\n'),
    );
  });

  it('tells only the ways that are asked for', async () => {
    let runs = 0;
    const counted = defineHandler({ name: 'counted', state: z.null(), initial: null }).on(
      pressed,
      () => {
        runs += 1;
        return {};
      },
    );
    const story = specify(defineApp({ source: 'urn:counted', parts: [counted] })).when(press);
    await story.whateverHappens({ only: 'no such way' });
    expect(runs).toBe(3);
  });
});
