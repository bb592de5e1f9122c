import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handle, type CloudEvent, type Principal } from '@hearth/core';
import { memoryPublisher } from '@hearth/core/ports';
import { systemClock } from '@hearth/node';
import { sqliteDeadLetters, sqliteStore } from '@hearth/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { event } from '../../test/events.ts';
import { app, thermostat } from '../../test/home.ts';
import { fixture, hearth } from '../../test/run-hearth.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-letters-'));
  file = join(folder, 'home.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const service: Principal = { kind: 'service', id: 'test' };

/** Lets events become dead letters for the code that was running at the time. */
async function bury(events: readonly CloudEvent[], principal = service): Promise<void> {
  const store = sqliteStore({ file });
  const deadLetters = sqliteDeadLetters(store);
  const runtime = { store, clock: systemClock(), publisher: memoryPublisher(), deadLetters };
  const inputs = events.map((one) => ({ event: one, principal }));
  const handled = await handle(app, inputs, { ...runtime, sweep: true });
  expect(handled.map(({ verdict }) => verdict)).toEqual(events.map(() => 'rejected'));
  await store.close();
}

/** A letter whose event today's code accepts: it was buried by hand, as older code would have. */
async function buryGood(good: CloudEvent): Promise<void> {
  const store = sqliteStore({ file });
  const letter = { ...good, id: `letter-${good.id}`, type: 'hearth.deadletter' };
  const data = { code: 'step-failed', message: 'A bug of yesterday.', event: good };
  const body = JSON.stringify({ ...letter, data });
  await sqliteDeadLetters(store).publish([{ event: letter, body }]);
  await store.close();
}

const tooHot = event('hot', thermostat.events.temperature('t1', { celsius: 99 }));
const fine = event('fine', thermostat.events.temperature('t1', { celsius: 19 }));
const retry = (...args: readonly string[]) =>
  hearth('dead-letters', 'retry', '--app', fixture('home.ts'), '--store', file, ...args);
const listed = async () => {
  const { stdout } = await hearth('dead-letters', 'list', '--store', file, '--json');
  return (JSON.parse(stdout) as { letters: { id: string; code: string }[] }).letters;
};

describe('hearth dead-letters', () => {
  it('lists what was rejected, and why', async () => {
    await bury([tooHot]);
    const { stdout, code } = await hearth('dead-letters', 'list', '--store', file);
    expect(code).toBe(0);
    expect(stdout).toContain('invalid-data  com.acme.thermostat.temperature t1');
    expect(stdout).toContain('"data.celsius"');
    expect(await listed()).toMatchObject([{ code: 'invalid-data', event: { id: 'hot' } }]);
  });

  it('says when there is nothing', async () => {
    await sqliteStore({ file }).close();
    expect((await hearth('dead-letters', 'list', '--store', file)).stdout).toBe(
      'There are no dead letters.\n',
    );
  });

  it('handles again what can be handled, and removes only that', async () => {
    await bury([tooHot]);
    await buryGood(fine);
    const ran = await retry('--all', '--json');
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stdout)).toMatchObject({ left: 1 });
    expect(await listed()).toMatchObject([{ code: 'invalid-data' }]);
    const { stdout } = await hearth('inspect', 'com.acme.thermostat/t1', '--store', file);
    expect(stdout).toMatch(/localTemperature +19\n/);
  });

  it('has an effect once, however often a letter is retried', async () => {
    await buryGood(fine);
    expect(await retry('letter-fine')).toMatchObject({ code: 0 });
    await buryGood(fine);
    expect(await retry('letter-fine')).toMatchObject({ code: 0 });
    const { stdout } = await hearth('inspect', 'com.acme.thermostat/t1', '--store', file);
    expect(stdout).toContain('remembers 1 input\n');
  });

  it('leaves the outputs of a retry to the running home', async () => {
    await buryGood(event('wish', thermostat.set('t1', { occupiedHeatingSetpoint: 22 })));
    expect(await retry('--all')).toMatchObject({ code: 0 });
    const { stdout } = await hearth('inspect', 'com.acme.thermostat/t1', '--store', file);
    expect(stdout).toMatch(/pending outputs\n +com\.acme\.thermostat\.desired t1 +tried 1 time,/);
  });

  it('does not let a retry say what somebody was not permitted to say', async () => {
    await bury([fine], { kind: 'device', id: 'thief' });
    const [{ id } = { id: '' }] = await listed();
    const ran = await retry(id);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('not permitted');
    expect(await retry(id, '--trust')).toMatchObject({ code: 0 });
  });

  it('leaves a letter that the given app does not handle', async () => {
    await buryGood({ ...fine, type: 'com.acme.toaster.popped' });
    const ran = await retry('--all');
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('nothing in this app handles');
  });

  it.each([
    [[], /Say "list" or "retry/],
    [['retry', '--app', 'x.ts'], /Name the letters/],
    [['retry', 'an-id', '--all', '--app', 'x.ts'], /Name the letters/],
    [['retry', '--all'], /--app/],
  ])('ends dead-letters %j with 2', async (args, message) => {
    const ran = await hearth('dead-letters', ...args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });
});
