import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, manifestOf, packageFolders, read, type Manifest } from './sources.ts';

const isTest = (path: string): boolean => /\.(test|test-d)\.ts$/.test(path);
const all = ['packages', 'examples', 'bench', 'emulators', 'everywhere', 'scripts'].flatMap(
  (folder) => filesUnder(folder, '.ts'),
);
const sources = filesUnder('packages', '.ts').filter((path) =>
  /^packages\/[^/]+\/src\//.test(path),
);
const faults = (paths: readonly string[], isFault: (path: string) => boolean): readonly string[] =>
  paths.filter(isFault);

describe('source files', () => {
  it('have at most 300 lines', () => {
    const lines = (path: string): number => read(path).trimEnd().split('\n').length;
    expect(faults(sources, (path) => !isTest(path) && lines(path) > 300)).toEqual([]);
  });

  it('lie at most two folders deep under src', () => {
    expect(faults(sources, (path) => path.split('/').length > 6)).toEqual([]);
  });

  it('export by name only', () => {
    expect(faults(sources, (path) => /^export (\*|default)/m.test(read(path)))).toEqual([]);
  });

  it('say of everything that they export what it is', () => {
    const naked = /(?<!\*\/)\nexport (async )?(class|const|enum|function|interface|type)\b(?! \{)/;
    expect(faults(sources, (path) => !isTest(path) && naked.test(read(path)))).toEqual([]);
  });

  it('are named after the idea they hold', () => {
    const vague = /^(utils?|helpers?|types?|common|misc|shared|constants)\.ts$/;
    expect(faults(all, (path) => vague.test(basename(path)))).toEqual([]);
  });

  it('leave nothing for later', () => {
    const leftOver = new RegExp(String.raw`\b(${['TO', 'FIX'].join('DO|')}ME)\b`);
    expect(faults(all, (path) => leftOver.test(read(path)))).toEqual([]);
  });
});

/** Gives the `exports` that a published package must have for those that it has in the workspace. */
export function publishedExports(exports: NonNullable<Manifest['exports']>): object {
  const entries = Object.entries(exports).map(([door, path]) => {
    if (!path.endsWith('.ts')) return [door, path];
    const built = path.replace('./src/', './dist/').slice(0, -'.ts'.length);
    return [door, { types: `${built}.d.ts`, default: `${built}.js` }];
  });
  return Object.fromEntries(entries) as object;
}

describe.each(packageFolders())('package %s', (folder) => {
  const manifest = manifestOf(`packages/${folder}`);

  it('publishes the doors that it has in the workspace', () => {
    expect(manifest.publishConfig?.exports).toEqual(publishedExports(manifest.exports ?? {}));
  });

  it('is named after its folder', () => {
    expect(manifest.name).toBe(`@hearth/${folder}`);
  });
});

describe('core', () => {
  it('depends on nothing but types', () => {
    expect(Object.keys(manifestOf('packages/core').dependencies ?? {})).toEqual([
      '@standard-schema/spec',
    ]);
  });
});
