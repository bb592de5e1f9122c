import { gzipSync } from 'node:zlib';
import { adapters } from './adapters.ts';
import { bundle } from './bundle.ts';
import { bars } from './catalogue.ts';
import type { Figure, Figures } from './figure.ts';

// What any app behind a trigger needs anyhow, and jose, which is not loaded before the first token comes.
const external = ['zod', 'pino', '@hearth/core', '@hearth/node', '@opentelemetry/api', 'jose'];

/** Measures what a bundler makes of each trigger alone: minified, gzipped, without core, node and zod. */
export async function measure(): Promise<Figures> {
  const figures: Record<string, Figure> = {};
  for (const { cloud, sizes } of adapters) {
    const door = `@hearth/adapter-${cloud}`;
    for (const [name, trigger] of Object.entries(sizes)) {
      const source = `export { ${trigger} } from '${door}'`;
      const bytes = gzipSync(await bundle(source, external), { level: 9 }).length;
      const limit = bars[`size.${name}`]?.limit ?? Number.NaN;
      figures[`size.${name}`] = {
        value: bytes,
        unit: 'bytes',
        ratio: bytes / limit,
        against: `the bar of ${limit} bytes`,
      };
    }
  }
  return figures;
}
