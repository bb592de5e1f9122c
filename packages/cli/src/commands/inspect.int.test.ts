import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handle, lives } from '@hearth/core';
import { memoryPublisher } from '@hearth/core/ports';
import { systemClock } from '@hearth/node';
import { sqliteStore } from '@hearth/store-sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { event } from '../../test/events.ts';
import { app, home, thermostat } from '../../test/home.ts';
import { fixture, hearth } from '../../test/run-hearth.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-inspect-'));
const file = join(folder, 'home.db');

beforeAll(async () => {
  const store = sqliteStore({ file });
  const runtime = { store, clock: systemClock(), publisher: memoryPublisher(), sweep: true };
  const principal = { kind: 'service', id: 'test' } as const;
  const said = [
    event('1', lives('t1', 'h1')),
    event('2', home.set('h1', { occupants: 0 })),
    event('3', thermostat.events.temperature('t1', { celsius: 14 })),
  ];
  for (const one of said) await handle(app, [{ event: one, principal }], runtime);
  await store.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('hearth inspect', () => {
  it('shows the state of a device, with the app and without', async () => {
    const name = 'com.acme.thermostat/t1';
    const alone = await hearth('inspect', name, '--store', file);
    expect(alone.code).toBe(0);
    expect(alone.stdout).toMatch(/localTemperature +14\n/);
    expect(alone.stdout).toMatch(/desired\n +occupiedHeatingSetpoint +18\n/);
    expect(alone.stdout).toMatch(/home +"h1"/);
    expect(alone.stdout).toContain('pending outputs  none');
    const known = await hearth('inspect', name, '--store', file, '--app', fixture('home.ts'));
    const withoutAge = (text: string) => text.replace(/\(.* ago\)/, '');
    expect(withoutAge(known.stdout)).toBe(withoutAge(alone.stdout));
  });

  it('shows why a rule decided', async () => {
    const { stdout } = await hearth('inspect', 'cold-and-empty/h1', '--store', file);
    expect(stdout).toContain('because nobodyHome and cold  (on com.acme.thermostat.changed)');
    expect(stdout).toContain('→ com.acme.thermostat.set t1');
  });

  it('prints one JSON object', async () => {
    const { stdout } = await hearth('inspect', 'cold-and-empty/h1', '--store', file, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      key: 'cold-and-empty/h1',
      exists: true,
      decisions: [{ because: ['nobodyHome', 'cold'] }],
    });
  });

  it('lists the names of records, all or those that begin alike', async () => {
    expect((await hearth('inspect', '--store', file)).stdout.trim().split('\n')).toEqual([
      'cold-and-empty/h1',
      'com.acme.home/h1',
      'com.acme.thermostat/t1',
    ]);
    const { stdout } = await hearth('inspect', 'com.acme.t', '--store', file, '--json');
    expect(JSON.parse(stdout)).toEqual({ keys: ['com.acme.thermostat/t1'], more: false });
  });

  it.each([
    [['inspect', 'nothing/here', '--store', file], 1, /no record "nothing\/here"/],
    [['inspect', '--store', `${file}.missing`], 2, /no store at/],
    [['inspect', '--shop', file], 2, /Unknown option "--shop"/],
    [['inspect', 'a/b', '--store', file, '--app', fixture('none.ts')], 2, /no file/],
    [['inspect', 'a/b', '--store', file, '--app', fixture('events.ts')], 2, /exports no app/],
    [['inspect', 'a/b', '--store', file, '--app', fixture('broken-home.ts')], 2, /is broken\.$/m],
    [['unpack'], 2, /no command "unpack"/],
  ])('ends %j with %d and says why', async (args, code, message) => {
    const ran = await hearth(...args);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toMatch(message);
  });
});
