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
  expect(JSON.parse(first.stdout)).toMatchObject({ decisions: 2, wishes: 6, rejected: 0 });
  // Wishes that mosquitto has kept for the rooms of before do not disturb the new ones.
  const second = await runExample(folder.path, ...args);
  expect(JSON.parse(second.stdout)).toMatchObject({ decisions: 2, wishes: 6, rejected: 0 });
  folder.remove();
});
