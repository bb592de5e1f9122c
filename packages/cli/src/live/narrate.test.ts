import { HearthError, lives } from '@hearth/core';
import { simulate } from '@hearth/core/simulate';
import { describe, expect, it } from 'vitest';
import { event } from '../../test/events.ts';
import { app, home, thermostat } from '../../test/home.ts';
import { measuredText, narrator, valuesText } from './narrate.ts';
import { paint } from './paint.ts';

const narrate = narrator(app, paint(false));
const principal = { kind: 'device', id: 't1' } as const;

describe('a narrator', () => {
  it('tells a decision with its reasons and its wishes, once', () => {
    const { steps } = simulate(app, [
      { event: lives('t1', 'h1') },
      { event: home.set('h1', { occupants: 0 }) },
      { event: thermostat.events.temperature('t1', { celsius: 14 }) },
    ]);
    expect(steps.flatMap((step) => narrate.applied(step))).toEqual([
      'decision  h1           cold-and-empty because nobodyHome and cold',
      '  wish    t1           occupiedHeatingSetpoint 18',
    ]);
  });

  it.each([
    [
      thermostat.events.temperature('t1', { celsius: 14.25 }),
      'reading   t1           temperature 14.25 °C',
    ],
    [lives('t1', 'h1'), 'report    t1           lives in h1'],
    [
      thermostat.events.reported('t1', { occupiedHeatingSetpoint: 8 }),
      'report    t1           reported occupiedHeatingSetpoint 8',
    ],
  ])('tells what came: %j', (draft, text) => {
    expect(narrate.came(event('1', draft))).toBe(text);
  });

  it('tells what was refused, and why', () => {
    const reading = event('1', thermostat.events.temperature('t1', { celsius: 99 }));
    const refusal = { principal, verdict: 'rejected', code: 'invalid-data' } as const;
    expect(narrate.refused({ ...refusal, event: reading, message: 'Too hot.' })).toEqual([
      'rejected  t1           temperature: invalid-data. Too hot.',
    ]);
    const unreadable = new HearthError('invalid-event', 'No event.');
    expect(narrate.refused({ ...refusal, event: unreadable })[0]).toContain('a message');
  });

  it('lets no sender write lines or colours of its own', () => {
    const evil = event('1', thermostat.events.temperature('t1\nok \u001B[31m', { celsius: 1 }));
    expect(narrate.came(evil)).toContain('t1\\u000aok \\u001b[31m');
  });
});

describe('data in few signs', () => {
  it.each([
    [{ celsius: 14.256 }, '14.26 °C'],
    [{ occupants: 2 }, 'occupants 2'],
    [{ on: true, level: 3 }, 'on true, level 3'],
    [[1, 2], '[1,2]'],
    [null, 'null'],
  ])('%j', (data, text) => {
    expect(measuredText(data)).toBe(text);
  });

  it('is cut when it is long', () => {
    expect(valuesText({ text: 'x'.repeat(1000) }).length).toBeLessThan(70);
  });
});
