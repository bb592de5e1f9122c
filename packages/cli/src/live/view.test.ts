import type { Answered, Applied, CloudEvent } from '@hearth/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { event } from '../../test/events.ts';
import { app, home, thermostat } from '../../test/home.ts';
import { tally } from './tally.ts';
import { view } from './view.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const principal = { kind: 'device', id: 't1' } as const;
const reading = (id: string) => event(id, thermostat.events.temperature('t1', { celsius: 14 }));
const done = (one: CloudEvent): Answered => ({ event: one, principal, verdict: 'done' });

function applied(one: CloudEvent, more: Partial<Applied> = {}): Applied {
  return {
    handler: 'com.acme.thermostat',
    subject: 't1',
    event: one,
    now: 0,
    principal,
    emitted: [],
    ...more,
  };
}

/** A view on a pipe or a terminal, and what was written to it, without the time of day. */
function opened(isTTY = false) {
  const texts: string[] = [];
  const sink = { isTTY, columns: 80, rows: 24, write: (text: string) => texts.push(text) };
  const shown = view({
    app,
    tally: tally(app, () => 0),
    sink,
    env: { TERM: 'xterm', NO_COLOR: '1' },
    now: () => 0,
    panel: async () => ['a room'],
  });
  const lines = () => texts.map((text) => text.trimEnd().replace(/^\d\d:\d\d:\d\d /, ''));
  return { shown, texts, lines };
}

describe('a view', () => {
  it('tells what came before what it led to, and only once', () => {
    const { shown, lines } = opened();
    const one = reading('1');
    shown.applied(applied(one));
    const rule = { handler: 'cold-and-empty', subject: 'h1', because: ['nobodyHome', 'cold'] };
    shown.applied(applied(one, { ...rule, principal: { kind: 'app', id: 'urn:acme:home' } }));
    shown.answered(done(one));
    expect(lines()).toEqual([
      'reading   t1           temperature 14 °C',
      'decision  h1           cold-and-empty because nobodyHome and cold',
    ]);
  });

  it('tells of what changed nothing, too, but not of doubles', () => {
    const { shown, lines } = opened();
    shown.answered(done(reading('1')));
    shown.answered({ ...done(reading('2')), duplicate: true });
    expect(lines()).toHaveLength(1);
  });

  it('writes at most ten readings a second, and how many more there were', () => {
    const { shown, lines } = opened();
    for (let id = 0; id < 25; id += 1) shown.answered(done(reading(String(id))));
    expect(lines()).toHaveLength(10);
    vi.advanceTimersByTime(1000);
    expect(lines().at(-1)).toBe('… and 15 more readings');
    shown.answered(done(reading('next')));
    expect(lines()).toHaveLength(12);
  });

  it('has room in a terminal for the present instead of readings', async () => {
    const { shown, texts } = opened(true);
    shown.answered(done(reading('1')));
    shown.answered(done(event('2', home.set('h1', { occupants: 1 }))));
    await vi.advanceTimersByTimeAsync(200);
    expect(texts.join('')).not.toContain('temperature');
    expect(texts[0]).toContain('occupants 1');
    expect(texts.at(-1)).toMatch(/a room.*\n.*readings 0/);
    await shown.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
