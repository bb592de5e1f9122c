import { defineApp, defineEvent, defineHandler, events } from '@hearth/core';
import { schemaOf } from '../plain-schema.ts';

const amount = schemaOf<{ readonly n: number }>(
  (value) => typeof (value as { readonly n?: unknown } | null)?.n === 'number',
);

/** What is counted: an input. */
export const counted = defineEvent('com.acme.tally.counted', amount);

/** Rings two seconds after every third count: a timer. */
const rang = defineEvent('com.acme.tally.rang', amount);

/** Would ring after a month without counts: a timer that every count replaces. */
const rested = defineEvent('com.acme.tally.rested', amount);

/** What a tally says after each count and each ring. */
export const told = defineEvent('com.acme.tally.told', amount);

/** The ids of all that a record has applied, in that order, and a number in which the order shows. */
export interface TallyState {
  readonly sum: number;
  readonly applied: readonly string[];
}

const list = { state: schemaOf<TallyState>(() => true), initial: { sum: 1, applied: [] } };

function next({ sum, applied }: TallyState, id: string, n: number): TallyState {
  return { sum: (sum * 31 + n) % 1_000_003, applied: [...applied, id] };
}

const monthMs = 30 * 86_400_000;

/** A tally of its own for each subject. Its tag changes with every count. */
export const tally = defineHandler({
  ...list,
  name: 'tally',
  tags: ({ applied }) => ({ parity: applied.length % 2 === 0 ? 'even' : 'odd' }),
})
  .on(counted, ({ state, event: { id, subject, data }, now }) => {
    const state2 = next(state, id, data.n);
    const rest = { key: 'rest', at: now + monthMs, event: rested(subject, data) };
    const ring = { key: id, at: now + 2_000, event: rang(subject, data) };
    return {
      state: state2,
      emit: told(subject, { n: state2.sum }),
      timers: data.n % 3 === 0 ? [rest, ring] : [rest],
    };
  })
  .on(rang, ({ state, event: { id, subject, data } }) => {
    const state2 = next(state, id, -data.n);
    return { state: state2, emit: told(subject, { n: state2.sum }) };
  })
  .on(rested, ({ state, event: { id, data } }) => ({ state: next(state, id, data.n) }));

/** One record for what all tallies say. */
export const ledger = defineHandler({ ...list, name: 'ledger', subject: () => 'all' }).on(
  told,
  ({ state, event: { id, data } }) => ({ state: next(state, id, data.n) }),
);

/** The app that several workers run: records of their own, and one that all of them write to. */
export const tallies = defineApp({
  source: 'urn:acme:tallies',
  parts: [tally, ledger, events(told)],
});
