import { handle } from '@hearth/core';
import { faultyStore } from '@hearth/testing';
import { describe, expect, it } from 'vitest';
import { caller, token } from '../../test/google-token.ts';
import { app, reading, world } from '../../test/meter.ts';
import { functionAt } from '../../test/one-function.ts';
import { schedule, type ScheduleOptions } from './schedule.ts';

const service = { kind: 'service', id: 's' } as const;
const subjects = Array.from({ length: 12 }, (_, index) => `m${index}`);

/** Meters that have counted, so that each has a timer in a minute; and the function that sweeps. */
async function counting(rest: Partial<ScheduleOptions> = {}) {
  const at = world();
  const inputs = subjects.map((id) => ({ event: reading('1', 1, id), principal: service }));
  await handle(app, inputs, at.runtime);
  const options = { ...at.runtime, caller, ...rest };
  const url = await functionAt({ http: schedule(app, options) });
  const post = async (query = '', authorization?: string) => {
    const headers = { authorization: authorization ?? `Bearer ${await token()}` };
    const answer = await fetch(url + query, { method: 'POST', headers });
    expect(await answer.text()).toBe('');
    return answer.status;
  };
  const left = async () => {
    const states = await Promise.all(subjects.map((id) => at.state(id)));
    return states.reduce((sum, state) => sum + state.sum, 0);
  };
  return { at, post, left };
}

describe('schedule', () => {
  it('runs what is due, and nothing before', async () => {
    const { at, post, left } = await counting({ limit: 5 });
    expect(await post()).toBe(204);
    expect(await left()).toBe(12);
    await at.clock.advance(60_000);
    expect(await post()).toBe(204);
    expect(await left()).toBe(0);
  });

  it('sweeps the part that the job names, and all of it with all parts', async () => {
    const { at, post, left } = await counting();
    await at.clock.advance(60_000);
    expect(await post('/?shard=0/3')).toBe(204);
    const after = await left();
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(12);
    for (const shard of ['1/3', '2/3']) expect(await post(`/?shard=${shard}`)).toBe(204);
    expect(await left()).toBe(0);
  });

  it.each(['3/3', '4/3', '0/0', 'x', '0', '-1/3', '0/3/1', ''])(
    'refuses the shard "%s", and sweeps nothing',
    async (shard) => {
      const { at, post, left } = await counting();
      await at.clock.advance(60_000);
      expect(await post(`/?shard=${shard}`)).toBe(400);
      expect(await left()).toBe(12);
    },
  );

  it('lets in nobody without the right token', async () => {
    const { at, post, left } = await counting();
    await at.clock.advance(60_000);
    expect(await post('', '')).toBe(401);
    expect(await post('', `Bearer ${await token({ aud: 'x' })}`)).toBe(401);
    expect(await left()).toBe(12);
  });

  it('asks to be called again when what is due cannot be read', async () => {
    const { store } = world();
    const { post } = await counting({ store: faultyStore(store, () => 'down') });
    expect(await post()).toBe(503);
  });
});
