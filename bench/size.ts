import { gzipSync } from 'node:zlib';
import { bundle } from './bundle.ts';
import { bars } from './catalogue.ts';
import type { Figure, Figures } from './figure.ts';

/** Measures what a bundler makes of everything that a door exports: minified, gzipped, without zod. */
export async function measure(): Promise<Figures> {
  const core = await gzipped(`export * from '@hearth/core'`);
  const codec = await gzipped(`export { ${codecParts} } from '@hearth/core/event'`);
  const screen = await gzipped(`export { ${firstScreen} } from '@hearth/core'`);
  const withZod = await gzipped(
    `export { ${firstScreen} } from '@hearth/core'; export * as z from 'zod'`,
    [],
  );
  const note = `${screen} bytes for what a first app imports (${firstScreen}), ${withZod} with all of zod`;
  return {
    'size.core.gzip': { ...figureOf('size.core.gzip', core), note },
    'size.codec.gzip': { ...figureOf('size.codec.gzip', codec), note: `that is ${codecParts}` },
  };
}

const firstScreen = 'defineDevice, defineHome, defineRule, each, lives, defineApp, handle, sweep';
const codecParts =
  'checkEvent, decodeHttp, encodeHttpBinary, encodeHttpStructured, encodeHttpBatch, httpMode, decodeMqtt, encodeMqtt, mqttMode, decodeStructured, encodeStructured, decodeBatch, encodeBatch';

async function gzipped(source: string, external = ['zod']): Promise<number> {
  return gzipSync(await bundle(source, external), { level: 9 }).length;
}

function figureOf(name: string, value: number): Figure {
  const limit = bars[name]?.limit ?? Number.NaN;
  return { value, unit: 'bytes', ratio: value / limit, against: `the bar of ${limit} bytes` };
}
