import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectAsync } from 'mqtt';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { bin, fixture, hearth } from '../../test/run-hearth.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-dev-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `hearth dev` until somebody ends it; gives what it says, line by line. */
function dev(...args: readonly string[]) {
  const child = spawn(process.execPath, [bin, 'dev', fixture('home.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    async lineWith(text: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const { value = '', done } = await lines.next();
        const found = text.exec(value);
        if (found !== null) return found;
        if (done === true) throw new Error(`The output ended without ${text}.`);
      }
    },
    async end() {
      child.kill('SIGINT');
      const [code] = await closed;
      return { code, summary: JSON.parse(stdout) as unknown };
    },
  };
}

describe('hearth dev', () => {
  it('runs an app for whoever publishes, and shows why it decides and what it refuses', async () => {
    const running = dev('--json', '--log', 'events.jsonl');
    const [url] = await running.lineWith(/mqtt:\/\/127\.0\.0\.1:\d+/);
    await running.lineWith(/thermostat\/\{device\}\/temperature/);
    const person = await connectAsync(url);
    onTestFinished(() => person.endAsync(true));
    const desired = new Promise((resolve) => {
      person.on('message', (topic, payload) => resolve([topic, JSON.parse(payload.toString())]));
    });
    await person.subscribeAsync('thermostat/+/desired', { qos: 1 });
    const say = (topic: string, data: unknown) =>
      person.publishAsync(topic, JSON.stringify(data), { qos: 1 });
    await say('device/t1/bound', { home: 'h1' });
    await running.lineWith(/report +t1 +lives in h1/);
    await say('home/h1/set', { occupants: 0 });
    await say('thermostat/t1/temperature', { celsius: 99 });
    await running.lineWith(/rejected +t1 +temperature: invalid-data\. .*data\.celsius/);
    await say('thermostat/t1/temperature', { celsius: 14 });
    await running.lineWith(/decision +h1 +cold-and-empty because nobodyHome and cold/);
    await running.lineWith(/wish +t1 +occupiedHeatingSetpoint 18/);
    expect(await desired).toMatchObject([
      'thermostat/t1/desired',
      { subject: 't1', data: { desired: { occupiedHeatingSetpoint: 18 } } },
    ]);
    expect(await running.end()).toMatchObject({
      code: 0,
      summary: { readings: 1, decisions: 1, wishes: 1, commands: 1, rejected: 1 },
    });
    const log = join(folder, 'events.jsonl');
    const replayed = await hearth('replay', log, '--app', fixture('home.ts'), '--json');
    expect(JSON.parse(replayed.stdout)).toMatchObject({
      events: 4,
      decisions: { 'cold-and-empty': 1 },
      verdicts: { done: 3, rejected: 1 },
    });
    const { stdout } = await hearth('inspect', '--store', join(folder, '.hearth/home.db'));
    expect(stdout).toContain('com.acme.thermostat/t1\n');
    const letters = await hearth(
      'dead-letters',
      'list',
      '--store',
      join(folder, '.hearth/home.db'),
    );
    expect(letters.stdout).toContain('invalid-data  com.acme.thermostat.temperature t1');
  });

  it('ends by itself after --for', async () => {
    const place = ['--folder', join(folder, 'short')];
    const ran = await hearth('dev', fixture('home.ts'), ...place, '--for', '100ms');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/ended after \d+ ms\nreadings 0 · decisions 0/);
  });

  it.each([
    [['dev'], /Name one module/],
    [['dev', fixture('events.ts')], /exports no app/],
    [['dev', fixture('home.ts'), '--broker', 'nowhere'], /url must begin with/],
  ])('ends %j with 2', async (args, message) => {
    const ran = await hearth(...args, '--for', '1s', '--folder', join(folder, 'wrong'));
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });
});
