import type { Built } from '../build.ts';
import { file } from './source.ts';

/** The files that are not as large (kB, gzipped) as the table of the README says, give or take a tenth. */
export function misstated(built: readonly Built[]): readonly string[] {
  const rows = [
    ...file('README.md').matchAll(/^\| `dist\/(\S+)` +\| +([\d,]+) kB +\| +([\d,]+) kB/gm),
  ];
  const stated = new Map(
    rows.map(([, name, ...sizes]) => [name, sizes.map((size) => Number(size.replace(',', '')))]),
  );
  return built.flatMap(({ file: name, bytes, gzippedBytes }) => {
    const sizes = [bytes, gzippedBytes].map((size) => Math.round(size / 1000));
    const isRight = sizes.every(
      (size, at) => Math.abs(size - (stated.get(name)?.[at] ?? 0)) <= size / 10,
    );
    return isRight ? [] : [`${name}: ${sizes.join(' kB, ')} kB gzipped`];
  });
}
