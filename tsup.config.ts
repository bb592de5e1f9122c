import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
}

// Every package's `build` script runs this in the package's folder. What is built is what the package exports.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const sources = [...Object.values(manifest.exports), ...Object.values(manifest.bin ?? {})].filter(
  (path) => path.endsWith('.ts'),
);

export default defineConfig({
  entry: Object.fromEntries(
    sources.map((path) => [path.replace('./src/', '').replace(/\.ts$/, ''), path]),
  ),
  format: ['esm'],
  tsconfig: '../../tsconfig.json',
  target: 'node20',
  // Some modules of Node.js, such as node:sqlite, exist only with the prefix.
  removeNodeProtocol: false,
  dts: true,
  sourcemap: true,
  clean: true,
  silent: true,
});
