import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

const clock = systemClock();

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

const forever = () => new Promise<never>(() => undefined);

describe('systemClock', () => {
  it('tells the time of the machine', () => {
    expect(clock.now()).toBe(1_000);
  });

  it('gives what the work gave, and leaves no timer behind', async () => {
    await expect(clock.within(50, async () => 'done')).resolves.toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes an error of the work on', async () => {
    const work = () => Promise.reject(new TypeError('no'));
    await expect(clock.within(50, work)).rejects.toThrow(TypeError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up after the time, and tells the work by its signal', async () => {
    let signal: AbortSignal | undefined;
    const late = clock.within(50, (given) => {
      signal = given;
      return forever();
    });
    vi.advanceTimersByTime(49);
    expect(signal?.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal?.aborted).toBe(true);
    await expect(late).rejects.toMatchObject({ code: 'timeout', retryable: true });
  });

  it('does not give up at once because the time is long', async () => {
    let signal: AbortSignal | undefined;
    const late = clock.within(2 ** 40, (given) => {
      signal = given;
      return forever();
    });
    vi.advanceTimersByTime(86_400_000);
    expect(signal?.aborted).toBe(false);
    vi.advanceTimersByTime(2 ** 31);
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });
});
