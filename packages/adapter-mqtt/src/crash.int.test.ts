import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath, needs } from '@hearth/testing/needs';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
} from 'vitest';
import { restartableAedes, restartableMosquitto, type Restartable } from '../test/crash/brokers.ts';
import { beforehand, readings, undisturbed, type Ending } from '../test/crash/readings.ts';
import { run, type Trouble } from '../test/crash/run.ts';

const seed = Number(process.env['HEARTH_SEED'] ?? Date.now() % 1_000_000);
const said = readings(seed, 10_000);
const command = commandPath('mosquitto');
let folder = '';
let expected: Ending;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-crash-'));
  expected = await undisturbed([...beforehand(), ...said]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What was lost or changed on the way, by key; the inbox may remember less or more, depending on what came twice. */
function differing(
  ours: Readonly<Record<string, string>>,
  theirs: Readonly<Record<string, string>>,
) {
  const bare = (text: string | undefined) => text?.replace(/"seen":"[\w-]*",?/, '');
  return Object.keys({ ...ours, ...theirs })
    .filter((key) => bare(ours[key]) !== bare(theirs[key]))
    .map((key) => ({ key, ours: bare(ours[key]), theirs: bare(theirs[key]) }));
}

async function endsAsUndisturbed(broker: Restartable, trouble: Omit<Trouble, 'seed'>) {
  onTestFinished(() => broker.stop());
  const ended = await run(broker, folder, said, expected, { ...trouble, seed });
  expect(differing(ended.events, expected.events)).toEqual([]);
  expect(ended.ambiguous).toEqual([]);
  expect(differing(ended.records, expected.records)).toEqual([]);
  expect(ended.due).toEqual([]);
  expect(ended.owed).toEqual([]);
}

describe.each([
  ['mosquitto', (test: TestContext) => restartableMosquitto(needs(test, command, 'mosquitto'))],
  ['aedes', () => restartableAedes()],
] as const)(`under 10,000 readings from %s, seed ${seed}`, (_, start) => {
  it('a worker that is killed 20 times leaves what an undisturbed one does', async (test) => {
    await endsAsUndisturbed(await start(test), { kills: 20, restarts: 0 });
  }, 60_000);

  it('so does one whose broker is restarted as well', async (test) => {
    await endsAsUndisturbed(await start(test), { kills: 4, restarts: 4 });
  }, 60_000);
});
