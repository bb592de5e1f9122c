import type { App, CloudEvent, Draft, Handled, Principal } from '@hearth/core';
import { recordOf, simulation, type Simulation } from '@hearth/core/simulate';
import { frozen } from './frozen.ts';
import { eventOf, instantOf, type Act, type Fakes, type Fixture } from './story.ts';
import type { Script, SpecifyOptions } from './story.ts';

/** A story while it is told. */
export interface Plot {
  readonly app: App;
  readonly options: SpecifyOptions;
  readonly startMs: number;
  readonly acts: Act[];
  fakes: Fakes;
  speaker: Principal;
  /** What the expectations are about: from the last `when` or move of time on. */
  scene: Scene;
  /** Made by the first thing that happens, because calls are faked before. */
  simulation: Simulation | undefined;
}

/** Where in the story the last `when` or move of time began. */
export interface Scene {
  readonly acts: number;
  readonly steps: number;
  readonly letters: number;
  /** The codes that `rejects` has named. */
  readonly rejected: readonly string[];
}

/** Who speaks unless `as` says otherwise. */
export const narrator: Principal = { kind: 'service', id: 'story' };

/** An empty story about an app. */
export function openPlot(app: App, options: SpecifyOptions): Plot {
  return {
    app: frozen(app),
    options,
    startMs: instantOf(options.start ?? 0),
    acts: [],
    fakes: {},
    speaker: narrator,
    scene: { acts: 0, steps: 0, letters: 0, rejected: [] },
    simulation: undefined,
  };
}

/** The story so far, to be told again. */
export function scriptOf({ app, acts, fakes, options, startMs }: Plot): Script {
  return { app, acts, fakes, options, startMs };
}

/** The simulation in which the story happens. */
export function stageOf(plot: Plot): Simulation {
  const { speaksFor } = plot.options;
  plot.simulation ??= simulation(plot.app, {
    start: plot.startMs,
    calls: plot.fakes,
    ...(speaksFor && { speaksFor }),
  });
  return plot.simulation;
}

/** Begins a scene: expectations look at what comes from here on. */
export function beginScene(plot: Plot): void {
  const { steps, deadLetters } = stageOf(plot);
  plot.scene = {
    acts: plot.acts.length,
    steps: steps.length,
    letters: deadLetters.length,
    rejected: [],
  };
}

/** Lets something happen now. */
export function say(plot: Plot, round: 'given' | 'when', happening: Draft | CloudEvent): Handled {
  const stage = stageOf(plot);
  const together = plot.scene.acts;
  const [at, from] = [stage.now(), stage.steps.length];
  const event = eventOf(happening, plot.acts.length + 1, at);
  const principal = round === 'given' ? narrator : plot.speaker;
  const [handled = { verdict: 'retry' as const }] = stage.happen({ event, principal });
  const steps = [from, stage.steps.length] as const;
  plot.acts.push({ does: 'say', at, round, together, event, principal, handled, steps });
  return handled;
}

/** Puts a record in its place. */
export function begin(plot: Plot, fixture: Fixture): void {
  const { store, now, steps } = stageOf(plot);
  const ref = fixture.fixture;
  const [stored] = store.now.load([`${ref.record.key}/${ref.subject}`]);
  store.now.save([recordOf(ref, fixture.state, stored)]);
  plot.acts.push({ does: 'begin', at: now(), fixture, steps: [steps.length, steps.length] });
}

/** Lets time pass, timers included. */
export function wait(plot: Plot, until: number): void {
  const stage = stageOf(plot);
  const from = stage.steps.length;
  stage.advanceTo(until);
  plot.acts.push({ does: 'wait', at: until, steps: [from, stage.steps.length] });
}
