import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, withRequire } from './bundle.ts';
import { median, type Figure } from './figure.ts';
import { isQuick } from './rounds.ts';

const processes = isQuick ? 1 : 25;

/**
 * Measures what the import of one bundled module takes longer than that of another: each import in a new process, in turns.
 */
export async function importDuel(ours: string, peer: string, against: string): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  try {
    const files = [join(folder, 'ours.mjs'), join(folder, 'peer.mjs')] as const;
    writeFileSync(files[0], await bundle(ours, [], withRequire));
    writeFileSync(files[1], await bundle(peer, [], withRequire));
    const times: readonly [number[], number[]] = [[], []];
    for (let round = 0; round < processes; round += 1) {
      for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        times[side].push(importMs(files[side]));
      }
    }
    const [ourMs, peerMs] = times.map(median) as [number, number];
    return {
      value: median(times[0].map((ms, round) => ms - (times[1][round] ?? Number.NaN))),
      best: Math.min(...times[0]) - Math.min(...times[1]),
      unit: 'ms more',
      ratio: ourMs / peerMs,
      against,
      note: `${ourMs.toFixed(1)} ms and ${peerMs.toFixed(1)} ms; medians of ${processes} new processes each, in turns`,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function importMs(file: string): number {
  const script = `
    const start = performance.now();
    await import(process.argv[1]);
    process.stdout.write(String(performance.now() - start));
  `;
  const args = ['--input-type=module', '--eval', script, file];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
  if (/^[\d.]+$/.test(output)) return Number(output);
  throw new Error(`The imported module printed something of its own: ${output}`);
}
