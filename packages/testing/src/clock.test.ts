import { describe, expect, it } from 'vitest';
import { simulatedClock } from './clock.ts';

describe('a simulated clock', () => {
  it('stands still until it is moved', async () => {
    const clock = simulatedClock(1_000);
    expect(clock.now()).toBe(1_000);
    await clock.advance(250);
    expect(clock.now()).toBe(1_250);
  });

  it('wakes who sleeps at the instant asked for, earliest first', async () => {
    const clock = simulatedClock(0);
    const woken: string[] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.now()}`);
    };
    const sleeping = Promise.all([sleeper('b', 20), sleeper('a', 10), sleeper('c', 31)]);
    expect(clock.waiting).toBe(3);
    await clock.advance(30);
    expect(woken).toEqual(['a at 10', 'b at 20']);
    await clock.advance(1);
    await sleeping;
    expect(woken).toEqual(['a at 10', 'b at 20', 'c at 31']);
  });

  it('wakes who falls asleep again on the way', async () => {
    const clock = simulatedClock(0);
    let ticks = 0;
    const ticking = (async () => {
      while (ticks < 10) {
        await clock.sleep(10);
        ticks += 1;
      }
    })();
    await clock.advance(95);
    expect(ticks).toBe(9);
    await clock.advance(5);
    await ticking;
    expect(clock.waiting).toBe(0);
  });

  it('moves on by itself where it is told to', async () => {
    const clock = simulatedClock(0, { autoAdvance: true });
    await clock.sleep(60_000);
    expect(clock.now()).toBe(60_000);
  });
});

describe('within', () => {
  const forever = () => new Promise<never>(() => {});

  it('gives what the work gives and leaves nothing waiting', async () => {
    const clock = simulatedClock(0);
    expect(await clock.within(10, async (signal) => signal.aborted)).toBe(false);
    expect(clock.waiting).toBe(0);
  });

  it('rejects as the work does', async () => {
    const work = () => Promise.reject(new Error('odd'));
    await expect(simulatedClock(0).within(10, work)).rejects.toThrow('odd');
  });

  it('aborts the work and rejects at the limit, not before', async () => {
    const clock = simulatedClock(0);
    let signal: { readonly aborted: boolean } | undefined;
    const limited = clock.within(10, (given) => {
      signal = given;
      return forever();
    });
    const error = limited.catch((caught: unknown) => caught);
    await clock.advance(9);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(signal?.aborted).toBe(true);
    expect(await error).toMatchObject({ code: 'timeout', retryable: true });
  });

  it('reaches its limit when the work sleeps past it on a clock that moves by itself', async () => {
    const clock = simulatedClock(0, { autoAdvance: true });
    await expect(clock.within(10, () => clock.sleep(11))).rejects.toMatchObject({
      code: 'timeout',
    });
    const other = simulatedClock(0, { autoAdvance: true });
    await expect(other.within(10, () => other.sleep(9))).resolves.toBeUndefined();
  });
});
