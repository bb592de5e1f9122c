import { existsSync } from 'node:fs';
import { logger } from '@hearth/node';
import { commandPath } from '@hearth/testing/needs';
import { memoryStore } from '@hearth/core/ports';
import { pluginPath } from './plugin.ts';
import { rotateFleet } from './rotate-fleet.ts';

// Rotates the certificates of lamps behind a real broker: `node rotation/main.ts 100`.
const count = Number(process.argv[2] ?? 100);
const [mosquitto, plugin] = [commandPath('mosquitto'), pluginPath(existsSync)];
if (mosquitto === undefined || plugin === undefined) {
  console.error('This needs mosquitto with its dynamic security plugin: apt-get install mosquitto');
  process.exit(1);
}
const devices = Array.from({ length: count }, (_, nth) => `lamp-${nth + 1}`);
const { rotated, failed, seconds } = await rotateFleet({
  devices,
  mosquitto,
  plugin,
  store: memoryStore(),
  logger: logger({ level: 'error' }),
  onProgress: (done, all) => process.stdout.write(`\r${done} of ${all} rotated`),
});
const rate = Math.round(rotated / seconds);
console.log(
  `\n${rotated} rotated in ${seconds.toFixed(1)} s (${rate}/s), ${failed.length} failed.`,
);
