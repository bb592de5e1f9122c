import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineEvent } from '../model/event.ts';
import { defineHandler, type Outcome } from '../model/handler.ts';
import { simulation } from '../simulate/index.ts';
import { defineApp } from './define-app.ts';

const asked = defineEvent('asked', z.null());
const told = defineEvent('told', z.unknown());
const late = defineEvent('late', z.null());

/** A handler that does as it is told at each question, and the record that it keeps. */
function start(...outcomes: readonly Outcome[]) {
  const handler = defineHandler<unknown>({ name: 'n', state: z.unknown(), initial: 0 })
    .on(asked, ({ event }) => outcomes[Number(event['turn'])] ?? {})
    .on(late, () => ({ state: 'late' }));
  const run = simulation(defineApp({ source: 'urn:acme', parts: [handler, told] }));
  const ask = (turn: number) =>
    run.happen({
      event: {
        specversion: '1.0',
        id: `${turn}`,
        source: 's',
        type: 'asked',
        subject: 'a',
        data: null,
        turn,
      },
    })[0];
  return { run, ask, look: () => run.read(handler.ref('a')) };
}

const timer = (key: string, at: number) => ({ key, at, event: late('a', null) });

describe('what a step returned', () => {
  it('is not saved if nothing happened', () => {
    const { ask, look } = start({}, { state: 0 }, { emit: [] }, { cancel: ['none'] });
    for (const turn of [0, 1, 2, 3]) ask(turn);
    expect(look().exists).toBe(false);
  });

  it('leaves the state alone if it is a rejection', () => {
    const { ask, look, run } = start({ state: 5, reject: { code: 'no' }, emit: told('b', 1) });
    expect(ask(0)).toMatchObject({ verdict: 'rejected', code: 'no' });
    expect(look().state).toBe(0);
    expect(run.published).toHaveLength(1);
  });

  it('sets timers, replaces them by their keys, and takes them back', () => {
    const { ask, look } = start(
      { timers: [timer('a', 10), timer('b', 20)] },
      { timers: [timer('a', 30)] },
      { cancel: ['b'] },
      { cancel: ['a'], timers: [timer('a', 40)] },
    );
    const set = () => look().timers.map(({ key, at }) => `${key}${at}`);
    const seen = [0, 1, 2, 3].map((turn) => {
      ask(turn);
      return set();
    });
    expect(seen).toEqual([['a10', 'b20'], ['b20', 'a30'], ['a30'], ['a40']]);
  });

  it('keeps the last five decisions', () => {
    const because = (turn: number): Outcome => ({ state: turn + 1, because: [`${turn}`] });
    const { ask, look } = start(...[0, 1, 2, 3, 4, 5].map(because));
    for (const turn of [0, 1, 2, 3, 4, 5]) ask(turn);
    expect(look().decisions.map((decision) => decision.because[0])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  it('is refused if JSON cannot hold what it emits', () => {
    const { ask, look } = start({ emit: told('b', { n: 1n }) });
    expect(ask(0)).toMatchObject({
      verdict: 'retry',
      code: 'invalid-output',
      message: 'The data of the emitted "told" is nothing that JSON can hold.',
    });
    expect(look().exists).toBe(false);
  });

  it('is refused if JSON cannot hold its state', () => {
    expect(start({ state: { n: 1n } }).ask(0)).toMatchObject({
      verdict: 'retry',
      code: 'invalid-state',
    });
  });
});
