import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lives, type CloudEvent } from '@hearth/core';
import { afterAll, describe, expect, it } from 'vitest';
import { event } from '../../test/events.ts';
import { home, thermostat } from '../../test/home.ts';
import { fixture, hearth } from '../../test/run-hearth.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-replay-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function logOf(name: string, lines: readonly (CloudEvent | string)[]): string {
  const file = join(folder, name);
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(file, `${texts.join('\n')}\n`);
  return file;
}

const temperature = (id: string, celsius: number, minute: number) =>
  event(id, thermostat.events.temperature('t1', { celsius }), minute);

const evening = logOf('evening.jsonl', [
  event('1', lives('t1', 'h1')),
  event('2', home.set('h1', { occupants: 0 }), 1),
  temperature('3', 14, 2),
  temperature('4', 17, 3),
  temperature('5', 9, 4),
  temperature('6', 99, 5),
]);
const app = ['--app', fixture('home.ts')];

describe('hearth replay', () => {
  it('counts verdicts, decisions and what was published', async () => {
    const { code, stdout } = await hearth('replay', evening, ...app, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      events: 6,
      verdicts: { done: 5, rejected: 1 },
      decisions: { 'cold-and-empty': 2 },
      published: { 'com.acme.thermostat.set': 2, 'com.acme.thermostat.desired': 1 },
      deadLetters: 1,
    });
  });

  it('is readable, too', async () => {
    const { stdout } = await hearth('replay', evening, ...app);
    expect(stdout).toMatch(/^6 events replayed\nverdicts\n {2}5 {2}done\n {2}1 {2}rejected\n/);
    expect(stdout).toMatch(/decisions\n +2 {2}cold-and-empty\n/);
  });

  it('finds no difference between an app and itself', async () => {
    const ran = await hearth('replay', evening, ...app, '--against', fixture('home.ts'));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('no difference');
  });

  it('says what another version would have done otherwise, and why, and ends with 3', async () => {
    const ran = await hearth('replay', evening, ...app, '--against', fixture('colder-home.ts'));
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(/differences: \d+ more, \d+ fewer/);
    expect(ran.stdout).toMatch(
      /\+ 2026-01-01 00:02:00 com\.acme\.thermostat\.set t1 .*because nobodyHome and cold/,
    );
  });

  it('passes over lines that are no events, and what the app itself emitted', async () => {
    const emitted = { ...temperature('7', 14, 1), source: 'urn:acme:home' };
    const log = logOf('mixed.jsonl', ['no event', '', emitted, temperature('8', 20, 2)]);
    const { stdout } = await hearth('replay', log, ...app, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      events: 1,
      own: 1,
      unreadable: [{ line: 1, code: 'invalid-event' }],
    });
  });

  it.each([
    [['replay'], /Name one log/],
    [['replay', evening], /--app/],
    [['replay', join(folder, 'none.jsonl'), ...app], /no log/],
  ])('ends %j with 2', async (args, message) => {
    const ran = await hearth(...args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });
});
