import { accept, defineApp, defineDevice, run, type App, type Handler } from '@hearth/core';
import * as z from 'zod';
import type { Figure, Figures } from './figure.ts';
import { duel, type Work } from './rounds.ts';

const principal = { kind: 'device', id: 'd1' } as const;

/** A twin of so many numbers, in clusters or, with one cluster, flat; nobody listens to its changes. */
function reporting(clusters: number, numbers: number): Work {
  const names = Array.from({ length: numbers }, (_, i) => `p${i}`);
  const parts = Array.from({ length: clusters }, (_, i) => `c${i}`);
  const inside = <T>(part: T) =>
    clusters === 1 ? part : Object.fromEntries(parts.map((name) => [name, part]));
  const all = (value: unknown) => inside(Object.fromEntries(names.map((name) => [name, value])));
  const shape = z.object(Object.fromEntries(names.map((name) => [name, z.number()])));
  const state: z.ZodType<object> =
    clusters === 1 ? shape : z.object(Object.fromEntries(parts.map((name) => [name, shape])));
  const device = defineDevice({ type: 'com.acme.twin', state, initial: all(0) });
  const app = defineApp({ source: 'urn:acme', parts: [device] });
  const say = speaker(app, device.record);
  say(all(1), 1);
  let value = 1;
  return (count) => {
    for (let i = 0; i < count; i += 1) {
      value += 1;
      const patch = { p5: value };
      say(clusters === 1 ? patch : { c5: patch }, value);
    }
  };
}

/** Reports of one device: the data checked, the step run, as `handle` does. What it keeps came from a store. */
function speaker(app: App, handler: Handler): (data: unknown, now: number) => void {
  let state: unknown = handler.initial;
  let reports = 0;
  return (data, now) => {
    const event = accept(app, {
      specversion: '1.0',
      id: 'r',
      source: 'urn:d1',
      type: 'com.acme.twin.reported',
      subject: 'd1',
      data,
    });
    const record = { subject: 'd1', state, counter: 0 };
    state = run(app, handler, record, { event, reads: {}, now, principal }).state;
    reports += 1;
    if (reports === 1) state = JSON.parse(JSON.stringify(state));
  };
}

async function figureOf(ours: Work, peer: Work, against: string): Promise<Figure> {
  const { ours: rate, ratio } = await duel(ours, peer);
  return { value: rate.perSecond, best: rate.best, unit: 'updates/s', ratio, against };
}

/** Measures reports of one leaf of a twin, and how little the size of the twin matters. */
export async function measure(): Promise<Figures> {
  const small = () => reporting(1, 10);
  return {
    'twin.report': await figureOf(small(), reporting(1, 100), 'a twin of 100 properties, flat'),
    'twin.report.nested1000': await figureOf(reporting(20, 50), small(), 'a twin of 10 properties'),
    'twin.report.flat1000': await figureOf(reporting(1, 1000), small(), 'a twin of 10 properties'),
  };
}
