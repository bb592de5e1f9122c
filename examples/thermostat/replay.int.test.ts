import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { needs } from '@hearth/testing/needs';
import { expect, it } from 'vitest';
import { emptyFolder, runExample } from './test/run-example.ts';

/** What must come of a recording, in a few lines that know nothing of Hearth. */
function oracle(file: string, below: number) {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.replaceAll('"', '').split(','));
  const holds = rows.map((row) => Number(row.at(-6)) < below && row.at(-1) === '0');
  const firings = holds.filter((now, index) => now && !(holds[index - 1] ?? false)).length;
  return { rows: rows.length, readings: rows.length, decisions: firings, wishes: firings };
}

async function replayed(file: string, below: number) {
  const folder = emptyFolder();
  const args = ['--replay', file, '--below', String(below), '--speed', 'max', '--json'];
  const { code, stdout } = await runExample(folder.path, ...args);
  folder.remove();
  expect(code).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, number>;
}

const synthetic = fileURLToPath(new URL('./test/room.csv', import.meta.url));

// The recording crosses 20.6 °C three times within four minutes, and twice in the very minute in which somebody comes or leaves.
it.each([20.3, 20.6, 21, 21.5])(
  'a recorded room with %d °C for cold gives what the oracle counts',
  async (below) => {
    const expected = oracle(synthetic, below);
    expect(expected.decisions).toBeGreaterThan(0);
    expect(await replayed(synthetic, below)).toMatchObject({ ...expected, rejected: 0 });
  },
);

it('a long recording of a real room gives what the oracle counts', async (context) => {
  const given = process.env['HEARTH_ROOM_CSV'];
  if (given === undefined) context.skip('HEARTH_ROOM_CSV does not name a recording');
  const file = needs(context, existsSync(given) ? given : undefined, 'the file of HEARTH_ROOM_CSV');
  for (const below of [20.5, 21]) {
    expect(await replayed(file, below)).toMatchObject(oracle(file, below));
  }
});
