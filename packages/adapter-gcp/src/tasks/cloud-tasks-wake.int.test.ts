import { handle } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { cloudTasks } from '../../test/cloud-tasks.ts';
import { caller, email } from '../../test/google-token.ts';
import { app, reading, world } from '../../test/meter.ts';
import { functionAt } from '../../test/one-function.ts';
import { schedule } from '../trigger/schedule.ts';
import { cloudTasksWake } from './cloud-tasks-wake.ts';

const queue = 'projects/acme/locations/europe-west1/queues/wakes';
const url = 'https://home.acme.example/sweep';
const options = { queue, url, serviceAccount: email };
const dayMs = 86_400_000;

describe('cloudTasksWake', () => {
  it('makes one task for each second in which something is due, whoever asks', async () => {
    const { client, tasks, requests } = await cloudTasks();
    const [one, two] = [
      cloudTasksWake({ ...options, client }),
      cloudTasksWake({ ...options, client }),
    ];
    const at = Math.floor(Date.now() / 1000 + 60) * 1000;
    await Promise.all([one(at - 300), one(at), one(at - 1), two(at), one(at + 1)]);
    expect(requests()).toBe(3);
    expect(tasks.map(({ scheduleTime }) => Date.parse(scheduleTime))).toEqual([at, at + 1000]);
    expect(tasks[0]).toMatchObject({
      name: expect.stringMatching(`^${queue}/tasks/[0-9a-f]{16}-${at / 1000}$`) as string,
      httpRequest: { url, oidcToken: { serviceAccountEmail: email, audience: url } },
    });
  });

  it('asks soon for what is due already, and not at all for what is beyond 30 days', async () => {
    const { client, tasks } = await cloudTasks();
    const wake = cloudTasksWake({ ...options, client });
    const now = Date.now();
    await wake(now - dayMs);
    await wake(now + 31 * dayMs);
    expect(tasks).toHaveLength(1);
    const at = Date.parse(tasks[0]?.scheduleTime ?? '');
    expect(at).toBeGreaterThan(now);
    expect(at).toBeLessThanOrEqual(Date.now() + 2_000);
  });

  it('rejects while the queue cannot be asked, and asks anew the next time', async () => {
    const { client, tasks, down } = await cloudTasks();
    const wake = cloudTasksWake({ ...options, client });
    const at = Date.now() + 60_000;
    down(true);
    await expect(wake(at)).rejects.toMatchObject({
      code: 'publisher-unavailable',
      retryable: true,
    });
    down(false);
    await wake(at);
    expect(tasks).toHaveLength(1);
  });

  it('lets a task run a timer that nobody would have swept', async () => {
    const { client, tasks, fire } = await cloudTasks();
    const at = world();
    await at.clock.advance(Date.now() - at.clock.now());
    const own = await functionAt({
      http: schedule(app, { ...at.runtime, caller }),
    });
    const { audience } = caller as { readonly audience: string };
    const wake = cloudTasksWake({ ...options, client, url: `${own}/sweep`, audience });
    const input = { event: reading('1'), principal: { kind: 'service', id: 's' } } as const;
    await handle(app, [input], { ...at.runtime, wake });
    // The verdict came after the task was made.
    expect(tasks).toHaveLength(1);
    await at.clock.advance(60_000);
    expect((await at.state()).sum).toBe(1);
    expect(await fire()).toEqual([204]);
    expect((await at.state()).sum).toBe(0);
  });

  it.each([
    ['queue', { queue: 'wakes' }],
    ['url', { url: '/sweep' }],
    ['serviceAccount', { serviceAccount: 'me' }],
  ])('refuses a wrong %s', (field, wrong) => {
    expect(() => cloudTasksWake({ ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }) as Error,
    );
  });
});
