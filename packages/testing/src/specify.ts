import type { App, CloudEvent, Draft, Principal, Readable, Ref } from '@hearth/core';
import { differences } from './difference.ts';
import { expectBecause, expectEmitted, expectReply } from './expectations.ts';
import { begin, beginScene, openPlot, say, scriptOf, stageOf, wait, type Plot } from './plot.ts';
import { fail, UnmetExpectation } from './story-report.ts';
import { instantOf, type Fakes, type Fixture, type SpecifyOptions } from './story.ts';
import { assertNoTrouble, expectRejected } from './trouble.ts';
import { whateverHappens, type WhateverOptions } from './whatever-happens.ts';

/** Some properties of a state, at any depth. */
export type Partly<V> = V extends readonly unknown[]
  ? V
  : V extends object
    ? { readonly [K in keyof V]?: Partly<V[K]> }
    : V;

/**
 * A story about an app: what was, what happens, what comes of it. Each call is carried out at once and gives the story back.
 *
 * Expectations are about the last `when`, or about the last move of time if it came later. What goes wrong and is not expected by
 * `rejects` fails the story: a rejected input, a step that throws, an output that no handler takes.
 *
 * @throws {UnmetExpectation} with what came instead, the conditions of the rules, and everything that happened so far.
 */
export interface Story {
  /** What was before: in order, said by a service; nothing that comes of it is looked at. */
  given(...happenings: readonly (Draft | CloudEvent | Fixture)[]): Story;
  /** Who speaks from here on in `when`; a service until then. */
  as(principal: Principal): Story;
  /** Functions that stand in for calls; to be said before anything happens. */
  calls(fakes: Fakes): Story;
  /** Lets time pass until an instant (ms, or ISO 8601 text), timers included. */
  at(time: number | string): Story;
  /** Lets time pass for `ms`, timers included. */
  after(ms: number): Story;
  /** What happens now: drafts, or events with an identity of their own. */
  when(...happenings: readonly (Draft | CloudEvent)[]): Story;
  /**
   * Exactly these were emitted, in any order. What the library tells itself (`changed`, `desired`, `left` of a device or home) counts only
   * if it is named.
   */
  emits(...drafts: readonly Draft[]): Story;
  /** Nothing was emitted. */
  emitsNothing(): Story;
  /** A record holds at least this: `leaves(home, 'h1', { occupants: 1 })`, or by a reference to the whole of what is kept. */
  leaves<V>(ref: Ref<V>, state: Partly<NoInfer<V>>): Story;
  leaves<V>(model: Readable<V>, subject: string, state: Partly<NoInfer<V>>): Story;
  /** An input, or what came of it, was rejected with this code. */
  rejects(code: string): Story;
  /** An input was answered with this. */
  replies(value: unknown): Story;
  /** The decisions were taken for these reasons: the names of the rules' conditions. */
  because(...conditions: readonly string[]): Story;
  /**
   * Tells the whole story again, on the production path: doubled, in every split into batches, over a bus, crashed after every step,
   * with lost answers, conflicts, and with others at work on the same records. It must end the same each time.
   *
   * @throws {UnmetExpectation} naming what happened, the seed, and the difference.
   */
  whateverHappens(options?: WhateverOptions): Promise<void>;
}

/**
 * Tells a story about an app, on simulated time and the production engine.
 *
 * @example
 * specify(app).given(lives('t1', 'h1')).when(thermostat.events.temperature('t1', { celsius: 14 })).emits(…)
 */
export function specify(app: App, options: SpecifyOptions = {}): Story {
  return storyOf(openPlot(app, options));
}

function storyOf(plot: Plot): Story {
  const then = (act: () => void): Story => {
    act();
    return story;
  };
  const expect = (act: () => void) => {
    assertNoTrouble(plot);
    return then(act);
  };
  const story = blamingTheCaller<Story>({
    given: (...happenings) => expect(() => tellGiven(plot, happenings)),
    as: (principal) => then(() => void (plot.speaker = principal)),
    calls: (fakes) => then(() => fakeCalls(plot, fakes)),
    at: (time) => expect(() => pass(plot, instantOf(time))),
    after: (ms) => expect(() => pass(plot, stageOf(plot).now() + ms)),
    when: (...happenings) => expect(() => tellWhen(plot, happenings)),
    emits: (...drafts) => expect(() => expectEmitted(plot, drafts)),
    emitsNothing: () => expect(() => expectEmitted(plot, [])),
    leaves: (...given: LeavesArguments) => expect(() => expectLeft(plot, ...given)),
    rejects: (code) => then(() => expectRejected(plot, code)),
    replies: (value) => expect(() => expectReply(plot, value)),
    because: (...conditions) => expect(() => expectBecause(plot, conditions)),
    async whateverHappens(given = {}) {
      assertNoTrouble(plot);
      await whateverHappens(scriptOf(plot), stageOf(plot), given);
    },
  });
  return story;
}

/** Lets the stack of an unmet expectation begin at the line of the story, not in here. */
function blamingTheCaller<S extends object>(methods: S): S {
  const blaming = Object.entries(methods).map(([name, method]: [string, Method]) => {
    const blamed: Method = (...given) => {
      try {
        return method(...given);
      } catch (error) {
        if (error instanceof UnmetExpectation) Error.captureStackTrace(error, blamed);
        throw error;
      }
    };
    return [name, blamed] as const;
  });
  return Object.fromEntries(blaming) as S;
}

type Method = (...given: readonly unknown[]) => unknown;

function tellGiven(plot: Plot, happenings: readonly (Draft | CloudEvent | Fixture)[]): void {
  for (const happening of happenings) {
    beginScene(plot);
    if (isFixture(happening)) begin(plot, happening);
    else say(plot, 'given', happening);
    assertNoTrouble(plot);
  }
  beginScene(plot);
}

const isFixture = (happening: Draft | CloudEvent | Fixture): happening is Fixture =>
  !('type' in happening);

function tellWhen(plot: Plot, happenings: readonly (Draft | CloudEvent)[]): void {
  beginScene(plot);
  for (const happening of happenings) say(plot, 'when', happening);
}

function pass(plot: Plot, until: number): void {
  const now = stageOf(plot).now();
  if (until < now) fail(plot, `Time cannot go back from ${now} to ${until} ms.`);
  beginScene(plot);
  wait(plot, until);
}

function fakeCalls(plot: Plot, fakes: Fakes): void {
  if (plot.simulation !== undefined)
    fail(plot, 'Calls must be faked before anything happens: say calls(…) first.');
  plot.fakes = { ...plot.fakes, ...fakes };
}

type LeavesArguments = readonly [Ref | Readable, unknown, unknown?];

function expectLeft(plot: Plot, ...[of, second, third]: LeavesArguments): void {
  const ref: Ref = 'subject' in of ? of : { ...of.record.ref(String(second)), view: of.view };
  const look = stageOf(plot).read(ref);
  const found = differences('subject' in of ? second : third, look.state, 'partial');
  if (found.length === 0) return;
  const none = look.exists ? '' : ' It has no record: nothing has changed it yet.';
  const rows = found.map((difference) => `  ${difference}`);
  fail(plot, `${ref.record.name} ${ref.subject} is not left like that.${none}`, rows);
}
