import { lives, type Applied } from '@hearth/core';
import { simulate, type Moment } from '@hearth/core/simulate';
import { describe, expect, it } from 'vitest';
import { event } from '../../test/events.ts';
import { app, home, thermostat } from '../../test/home.ts';
import { kindsOf } from './kinds.ts';
import { tally } from './tally.ts';

describe('kindsOf', () => {
  it.each([
    ['com.acme.thermostat.temperature', 'reading'],
    ['com.acme.thermostat.reported', 'report'],
    ['com.acme.thermostat.set', 'wish'],
    ['com.acme.thermostat.desired', 'desired'],
    ['com.acme.thermostat.changed', 'inner'],
    ['com.acme.home.changed', 'inner'],
    ['com.acme.home.set', 'other'],
    ['com.acme.toaster.popped', 'other'],
  ])('takes %s for %s', (type, kind) => {
    expect(kindsOf(app)(type)).toBe(kind);
  });
});

describe('tally', () => {
  const stepsOf = (moments: readonly Moment[]): readonly Applied[] => simulate(app, moments).steps;

  it('counts decisions and wishes once, not their way through the app', () => {
    const counts = tally(app, () => 0);
    const moments = [
      { event: lives('t1', 'h1') },
      { event: home.set('h1', { occupants: 0 }) },
      { event: thermostat.events.temperature('t1', { celsius: 14 }) },
    ];
    for (const step of stepsOf(moments)) counts.applied(step);
    expect(counts.summary()).toMatchObject({ decisions: 1, wishes: 1, commands: 1 });
  });

  it('counts readings that were handled for the first time', () => {
    const counts = tally(app, () => 0);
    const reading = event('1', thermostat.events.temperature('t1', { celsius: 14 }));
    const principal = { kind: 'device', id: 't1' } as const;
    const answers = [
      { event: reading, verdict: 'done' },
      { event: reading, verdict: 'done', duplicate: true },
      { event: reading, verdict: 'retry' },
      { event: reading, verdict: 'rejected', code: 'invalid-data' },
      { event: event('2', lives('t1', 'h1')), verdict: 'done' },
    ] as const;
    for (const answer of answers) counts.answered({ principal, ...answer });
    expect(counts.summary()).toMatchObject({
      readings: 1,
      others: 1,
      duplicates: 1,
      retried: 1,
      rejected: 1,
    });
  });

  it('measures from the publication to the verdict, waiting included', () => {
    let now = 0;
    const counts = tally(app, () => now);
    const reading = event('1', thermostat.events.temperature('t1', { celsius: 14 }));
    const principal = { kind: 'device', id: 't1' } as const;
    counts.published('1');
    now = 3;
    counts.answered({ event: reading, principal, verdict: 'retry' });
    now = 8;
    counts.answered({ event: reading, principal, verdict: 'done' });
    expect(Math.abs(counts.summary().p99Ms - 8)).toBeLessThan(0.2);
  });
});
