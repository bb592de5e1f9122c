import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { median, type Figures } from './figure.ts';
import { isQuick } from './rounds.ts';

const processes = isQuick ? 1 : 25;

const handler = `
  import { handle } from '@hearth/core';
  import { app } from './first-screen.ts';
  export const handler = (inputs, runtime) => handle(app, inputs, runtime);
`;
const schemasOnly = `export * from './first-schemas.ts'`;

/** Measures what Hearth adds to the import of a bundled handler: each import in a new process, in turns with its schemas alone. */
export async function measure(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  try {
    const files = [join(folder, 'handler.mjs'), join(folder, 'schemas.mjs')] as const;
    writeFileSync(files[0], await bundle(handler, []));
    writeFileSync(files[1], await bundle(schemasOnly, []));
    const times: readonly [number[], number[]] = [[], []];
    for (let round = 0; round < processes; round += 1) {
      for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        times[side].push(importMs(files[side]));
      }
    }
    const [ours, peer] = times.map(median) as [number, number];
    return {
      'import.core': {
        value: median(times[0].map((ms, round) => ms - (times[1][round] ?? Number.NaN))),
        best: Math.min(...times[0]) - Math.min(...times[1]),
        unit: 'ms more',
        ratio: ours / peer,
        against: 'the same bundle with its zod schemas alone',
        note: `${ours.toFixed(1)} ms and ${peer.toFixed(1)} ms; medians of ${processes} new processes each, in turns`,
      },
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
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}
