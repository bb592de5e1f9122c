import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lives } from '@hearth/core';
import { afterAll, describe, expect, it } from 'vitest';
import { event } from '../../test/events.ts';
import { home, thermostat } from '../../test/home.ts';
import { fixture, hearth } from '../../test/run-hearth.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-adopt-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function linesOf(name: string, lines: readonly (object | string)[]): string {
  const file = join(folder, name);
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(file, `${texts.join('\n')}\n`);
  return file;
}

const app = ['--app', fixture('home.ts')];

describe('hearth import', () => {
  const state = { localTemperature: 19, occupiedHeatingSetpoint: 20 };
  const records = linesOf('records.jsonl', [
    { type: 'com.acme.thermostat', subject: 't1', home: 'h1', state },
    { type: 'com.acme.home', subject: 'h1', state: { occupants: 2 } },
    { type: 'com.acme.home', subject: 'h2', state: { occupants: 'many' } },
  ]);
  const store = ['--store', join(folder, 'home.db')];

  it('saves what fits, says what does not, and does it once', async () => {
    const { code, stdout } = await hearth('import', records, ...app, ...store);
    expect(stdout).toMatch(
      /^2 saved, 0 there already, 1 rejected\n {2}line 3: invalid-data: .*occupants/,
    );
    expect(code).toBe(3);
    const again = await hearth('import', records, ...app, ...store, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ saved: 0, existing: 2, rejected: 1, next: 4 });
    const look = await hearth('inspect', 'com.acme.thermostat/t1', ...store, '--json');
    expect(JSON.parse(look.stdout)).toMatchObject({
      state: { reported: state, home: 'h1' },
      outputs: [],
    });
  });

  it.each([
    [['nowhere.jsonl', ...app], /There is no file "nowhere.jsonl"/],
    [[records], /--app/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await hearth('import', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('hearth shadow', () => {
  const came = linesOf('came.jsonl', [
    event('1', lives('t1', 'h1')),
    event('2', home.set('h1', { occupants: 0 }), 1),
    event('3', thermostat.events.temperature('t1', { celsius: 14 }), 2),
  ]);
  const decided = (celsius: number) =>
    event('o', thermostat.set('t1', { occupiedHeatingSetpoint: celsius }), 2);

  it('is content when both decide the same', async () => {
    const theirs = linesOf('same.jsonl', [decided(18)]);
    const { code, stdout } = await hearth('shadow', came, '--existing', theirs, ...app);
    expect(stdout).toMatch(/^1 decisions, compared within 60 s: 1 the same/);
    expect(code).toBe(0);
  });

  it('shows what differs, and why ours decided so', async () => {
    const theirs = linesOf('other.jsonl', [decided(17)]);
    const { code, stdout } = await hearth('shadow', came, '--existing', theirs, ...app);
    expect(stdout).toMatch(/differ {2}t1 .* because nobodyHome and cold\n.*ours 18, theirs 17/);
    expect(code).toBe(3);
  });

  it('names the line that is no event', async () => {
    const theirs = linesOf('bad.jsonl', [decided(18), 'no event']);
    const { code, stderr } = await hearth('shadow', came, '--existing', theirs, ...app);
    expect(stderr).toMatch(/^hearth: Line 2 of ".*bad.jsonl" is no CloudEvent with a time\.\n$/);
    expect(code).toBe(1);
  });
});
