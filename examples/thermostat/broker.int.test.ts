import { commandPath, needs } from '@hearth/testing/needs';
import { expect, it } from 'vitest';
import { startMosquitto } from './test/mosquitto.ts';
import { emptyFolder, runExample } from './test/run-example.ts';

it('works as well beside mosquitto, and begins anew there', async (context) => {
  const command = needs(context, commandPath('mosquitto'), 'mosquitto, the broker');
  const broker = await startMosquitto(command);
  const folder = emptyFolder();
  const args = ['--broker', broker, '--for', '8s', '--json', '--fresh'];
  const first = await runExample(folder.path, ...args);
  expect(first).toMatchObject({ code: 0 });
  expectFreshHome(first.stdout);
  // Wishes that mosquitto has kept for the rooms of before do not disturb the new ones.
  const second = await runExample(folder.path, ...args);
  expectFreshHome(second.stdout);
  folder.remove();
});

/** Each decision wishes something of all three rooms. How many there are in the time depends on the machine. */
function expectFreshHome(stdout: string): void {
  const { decisions, wishes, rejected } = JSON.parse(stdout) as Record<string, number>;
  expect(decisions).toBeGreaterThanOrEqual(2);
  expect({ wishes, rejected }).toEqual({ wishes: 3 * (decisions ?? 0), rejected: 0 });
}
