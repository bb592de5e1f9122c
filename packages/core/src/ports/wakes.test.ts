import { expect, it } from 'vitest';
import { oncePerSecond } from './wakes.ts';

function asking(fails: () => boolean = () => false) {
  const asked: number[] = [];
  const time = { now: 10_000 };
  const wake = oncePerSecond(
    async (at) => {
      asked.push(at);
      if (fails()) throw new Error('no');
    },
    () => time.now,
  );
  return { asked, time, wake };
}

it('asks once for all instants of a second, and never early', async () => {
  const { asked, wake } = asking();
  await Promise.all([14_001, 14_999, 15_000, 15_001, 3].map(wake));
  expect(asked).toEqual([15_000, 16_000, 10_000]);
});

it('asks again for an instant that is near, and for one that could not be asked for', async () => {
  let isDown = true;
  const { asked, time, wake } = asking(() => isDown);
  await expect(wake(15_000)).rejects.toThrow('no');
  isDown = false;
  await wake(15_000);
  await wake(15_000);
  time.now = 13_000;
  await wake(15_000);
  expect(asked).toEqual([15_000, 15_000, 15_000]);
});

it('remembers a bounded number of instants', async () => {
  const { asked, time, wake } = asking();
  for (let second = 0; second < 10_000; second += 1) await wake((100 + second) * 1000);
  time.now = 5_000_000;
  await wake(99_000_000);
  await wake(10_000_000);
  expect(asked).toHaveLength(10_001);
});
