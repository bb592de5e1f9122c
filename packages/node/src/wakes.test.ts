import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wakes } from './wakes.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

function alarm(most?: number) {
  const rung: number[] = [];
  return { rung, wakes: wakes(() => rung.push(Date.now()), Date.now, most) };
}

describe('wakes', () => {
  it('rings at every instant that was asked for, once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 60 }), (instants) => {
        vi.setSystemTime(0);
        const { rung, wakes: asked } = alarm();
        for (const at of instants) asked.add(at);
        vi.advanceTimersByTime(1_000);
        expect(rung).toEqual([...new Set(instants)].toSorted((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('rings for an earlier instant that is asked for later', () => {
    const { rung, wakes: asked } = alarm();
    asked.add(500);
    vi.advanceTimersByTime(100);
    asked.add(200);
    vi.advanceTimersByTime(400);
    expect(rung).toEqual([200, 500]);
  });

  it('waits for an instant that is further away than a timer reaches', () => {
    const far = 2 ** 31 + 5_000;
    const { rung, wakes: asked } = alarm();
    asked.add(far);
    vi.advanceTimersByTime(far - 1);
    expect(rung).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rung).toEqual([far]);
  });

  it('is bounded: once full it takes only an instant before all others', () => {
    const { rung, wakes: asked } = alarm(2);
    for (const at of [300, 400, 350, 200]) asked.add(at);
    vi.advanceTimersByTime(1_000);
    expect(rung).toEqual([200, 300, 400]);
  });

  it('forgets everything when it is cleared', () => {
    const { rung, wakes: asked } = alarm();
    asked.add(10);
    asked.clear();
    vi.advanceTimersByTime(100);
    expect([rung, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
