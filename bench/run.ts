import { randomUUID } from 'node:crypto';
import { accept, run, type App, type CloudEvent, type Handler } from '@hearth/core';
import {
  alarm,
  bareStep,
  emitting,
  emittingApp,
  service,
  silent,
  silentApp,
  type State,
} from './app.ts';
import type { Figure, Figures } from './figure.ts';
import { duel, type Work } from './rounds.ts';

const initial: State = { celsius: 0, count: 0 };
const events = Array.from({ length: 1_000 }, (_, i): CloudEvent => ({
  specversion: '1.0',
  id: `reading-${i}`,
  source: 'urn:acme:hub',
  type: 'com.acme.temperature',
  subject: `t${i % 100}`,
  time: '2026-01-01T07:30:00.250Z',
  data: { celsius: 15 + (i % 100) / 10 },
}));
const eventAt = (i: number): CloudEvent => events[i % 1_000] as CloudEvent;

/** Checks the data, runs the step, checks the state, and stamps what is emitted: `accept` and `run`. */
function pure(app: App, handler: Handler): Work {
  let state: unknown = initial;
  return (count) => {
    for (let counter = 0; counter < count; counter += 1) {
      const event = accept(app, eventAt(counter));
      const record = { subject: event.subject, state, counter };
      const input = { event, reads: {}, now: 1_767_225_600_000 + counter, principal: service };
      state = run(app, handler, record, input).state;
    }
  };
}

function bare(emit?: (event: CloudEvent, state: State) => unknown): Work {
  let state = initial;
  const kept: { last?: unknown } = {};
  return (count) => {
    for (let i = 0; i < count; i += 1) {
      const event = eventAt(i);
      state = bareStep(state, event.data);
      if (emit !== undefined) kept.last = emit(event, state);
    }
  };
}

function emitBare({ id, subject }: CloudEvent, { celsius }: State): unknown {
  const data = { celsius };
  if ('issues' in alarm.data['~standard'].validate(data)) throw new Error('It does not fit.');
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: emittingApp.source,
    type: alarm.type,
    subject,
    time: new Date().toISOString(),
    causationid: id,
    data,
  };
}

async function figureOf(ours: Work, peer: Work, against: string): Promise<Figure> {
  const { ours: rate, ratio } = await duel(ours, peer);
  return { value: rate.perSecond, best: rate.best, unit: 'events/s', ratio, against };
}

/** Measures the pure part, without any waiting, against the step and its schemas alone. */
export async function measure(): Promise<Figures> {
  const silence = await figureOf(pure(silentApp, silent), bare(), 'zod and the step alone');
  const emission = await figureOf(
    pure(emittingApp, emitting),
    bare(emitBare),
    'zod, the step and an event with randomUUID()',
  );
  return { 'run.silent': silence, 'run.emit': emission };
}
