import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, importsOf, manifestOf, packageFolders, read } from './sources.ts';

// What each folder of core may import besides itself.
const mayImport: Readonly<Record<string, readonly string[]>> = {
  event: [],
  ports: ['event'],
  twin: ['event', 'ports'],
  model: ['event', 'ports', 'twin'],
  app: ['event', 'ports', 'model'],
  capabilities: ['event', 'model'],
  describe: ['event', 'twin', 'model'],
  rules: ['event', 'ports', 'model'],
  ota: ['event', 'ports', 'model'],
  simulate: ['event', 'ports', 'twin', 'model', 'app'],
  trigger: ['event', 'ports', 'model', 'app'],
  privacy: ['event', 'ports', 'twin', 'model', 'app'],
  credentials: ['event', 'ports', 'model'],
  registry: ['event', 'ports', 'twin', 'model', 'app', 'credentials'],
  adopt: ['event', 'ports', 'twin', 'model', 'app', 'simulate'],
};

// Packages from the bottom up; one may import those of lower rank, and its tests may import testing as well.
const rank: Readonly<Record<string, number>> = {
  core: 0,
  node: 1,
  store: 1,
  telemetry: 1,
  adapter: 2,
  testing: 2,
  cli: 3,
};

// What tests share lies in a package's `test` folder, which is not published.
const isTest = (path: string): boolean =>
  /\.(test|test-d)\.ts$|^packages\/[^/]+\/test\//.test(path);
const rankOf = (folder: string): number =>
  rank[folder] ?? rank[folder.split('-')[0] ?? ''] ?? Number.NaN;

/** Says what is wrong with one import of a file in core, or nothing. */
export function coreFault(path: string, imported: string): string | undefined {
  if (!imported.startsWith('.')) return undefined;
  const target = posix.join(posix.dirname(path), imported);
  const [from, to] = [path, target].map(
    (file) => /^packages\/core\/src\/([^/]+)\//.exec(file)?.[1],
  );
  if (!target.startsWith('packages/core/src/')) return `${path} leaves core by ${imported}`;
  if (from === undefined || from === to) return undefined;
  if (to === undefined) return `${path} imports ${imported}, which is above it`;
  const allowed = mayImport[from];
  if (allowed === undefined) return `${path}: folder "${from}" has no place in the order of layers`;
  return allowed.includes(to) ? undefined : `${path} (${from}) imports ${imported} (${to})`;
}

/** Says what is wrong with one import of a file of any package, example or benchmark, or nothing. */
export function doorFault(path: string, imported: string): string | undefined {
  const own = /^(packages\/[^/]+|examples\/[^/]+|bench|emulators|everywhere)\//.exec(path)?.[1];
  if (imported.startsWith('.')) {
    const target = posix.join(posix.dirname(path), imported);
    // The benchmarks time what is published, which is in dist.
    if (own === 'bench' && /^packages\/[^/]+\/dist\//.test(target)) return undefined;
    // One test drives every trigger, and as the tests of its adapter do.
    if (own === 'everywhere' && /^packages\/[^/]+\/test\//.test(target)) return undefined;
    return target.startsWith(`${own}/`) ? undefined : `${path} leaves its package by ${imported}`;
  }
  const [, folder, door] = /^@hearth\/([^/]+)(\/.*)?$/.exec(imported) ?? [];
  if (folder === undefined) return undefined;
  // What starts emulators is no package for users.
  if (folder === 'emulators') {
    return isTest(path) || own === 'bench' || own === 'everywhere'
      ? undefined
      : `${path} imports what only tests may`;
  }
  const doors = manifestOf(`packages/${folder}`).exports ?? {};
  if (!(`.${door ?? ''}` in doors)) return `${path} imports ${imported}, which is no public door`;
  const from = /^packages\/([^/]+)$/.exec(own ?? '')?.[1];
  if (from === undefined || from === folder) return undefined;
  if (isTest(path) && folder === 'testing') return undefined;
  return rankOf(folder) < rankOf(from)
    ? undefined
    : `${path} imports ${imported}, against the order`;
}

const faultsOf = (
  paths: readonly string[],
  fault: (path: string, imported: string) => string | undefined,
): readonly string[] =>
  paths.flatMap((path) => importsOf(read(path)).flatMap((imported) => fault(path, imported) ?? []));

describe('imports go one way', () => {
  it('from event to model to app inside core', () => {
    const paths = filesUnder('packages/core/src', '.ts').filter((path) => !isTest(path));
    expect(faultsOf(paths, coreFault)).toEqual([]);
  });

  it('from core to adapters to examples, by public doors', () => {
    const folders = ['packages', 'examples', 'bench', 'emulators', 'everywhere'];
    const paths = folders.flatMap((folder) => filesUnder(folder, '.ts'));
    expect(faultsOf(paths, doorFault)).toEqual([]);
  });

  it('for every package that exists', () => {
    expect(packageFolders().filter((folder) => Number.isNaN(rankOf(folder)))).toEqual([]);
  });

  it.each([
    ['packages/core/src/event/id.ts', '../model/device.ts'],
    ['packages/core/src/model/device.ts', '../app/run.ts'],
    ['packages/core/src/ports/state-store.ts', '../app/run.ts'],
    ['packages/core/src/app/run.ts', '../simulate/clock.ts'],
    ['packages/core/src/app/run.ts', '../index.ts'],
    ['packages/core/src/app/run.ts', '../trigger/message.ts'],
    ['packages/core/src/app/run.ts', '../../../testing/src/index.ts'],
    ['packages/core/src/somewhere/run.ts', '../event/id.ts'],
  ])('says so when %s imports %s', (path, imported) => {
    expect(coreFault(path, imported)).toContain(path);
  });

  it.each([
    ['packages/adapter-mqtt/src/trigger.ts', '@hearth/core/src/app/run.ts'],
    ['packages/adapter-mqtt/src/trigger.ts', '../../core/src/app/run.ts'],
    ['packages/adapter-mqtt/src/trigger.ts', '@hearth/adapter-knative'],
    ['packages/adapter-mqtt/src/trigger.ts', '@hearth/testing'],
    ['packages/node/src/clock.ts', '@hearth/adapter-mqtt'],
    ['packages/adapter-aws/src/dynamodb.ts', '@hearth/emulators/dynalite'],
    ['examples/thermostat/main.ts', '../../packages/core/src/index.ts'],
    ['everywhere/aws.ts', '../packages/adapter-aws/src/index.ts'],
  ])('says so when %s imports %s', (path, imported) => {
    expect(doorFault(path, imported)).toContain(path);
  });

  it.each([
    ['packages/core/src/app/run.ts', '../ports/state-store.ts'],
    ['packages/core/src/app/run.ts', './handle.ts'],
    ['packages/core/src/index.ts', './app/run.ts'],
  ])('lets %s import %s', (path, imported) => {
    expect(coreFault(path, imported)).toBeUndefined();
  });

  it.each([
    ['packages/adapter-mqtt/src/trigger.ts', '@hearth/core/ports'],
    ['packages/adapter-mqtt/src/trigger.test.ts', '@hearth/testing/conformance'],
    ['packages/adapter-mqtt/test/broker.ts', '@hearth/testing'],
    ['packages/adapter-aws/src/dynamodb.int.test.ts', '@hearth/emulators/dynalite'],
    ['examples/thermostat/main.ts', '@hearth/adapter-mqtt'],
    ['bench/main.ts', '../packages/core/dist/index.js'],
    ['everywhere/aws.ts', '../packages/adapter-aws/test/native-events.ts'],
  ])('lets %s import %s', (path, imported) => {
    expect(doorFault(path, imported)).toBeUndefined();
  });
});
