import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Every package, every example and `scripts` is one project, named after its folder. Tests run the TypeScript sources, without a build.
const folders = [
  ...children('packages').map((name) => [name, `packages/${name}`] as const),
  ...children('examples').map((name) => [`example-${name}`, `examples/${name}`] as const),
  ['bench', 'bench'] as const,
  ['emulators', 'emulators'] as const,
  ['everywhere', 'everywhere'] as const,
  ['workspace', 'scripts'] as const,
];

function children(folder: string): string[] {
  const url = new URL(`${folder}/`, import.meta.url);
  return readdirSync(url).filter((name) => existsSync(new URL(`${name}/package.json`, url)));
}

export default defineConfig({
  test: {
    reporters: ['default', './scripts/count-reporter.ts'],
    passWithNoTests: true,
    // All cores: most of what takes long here waits for servers and child processes.
    maxWorkers: '100%',
    projects: folders.flatMap(([name, root]) => [
      {
        extends: true as const,
        root,
        test: {
          name,
          include: ['**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**', '**/dist/**'],
          // A property is tried on hundreds of stories, and a machine may have better things to do.
          testTimeout: 20_000,
        },
      },
      {
        extends: true as const,
        root,
        test: {
          name: `${name}:int`,
          include: ['**/*.int.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ]),
    coverage: {
      provider: 'v8',
      // The second pattern serves a run of one project, whose root is its own folder.
      include: ['packages/*/src/**/*.ts', 'src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-d.ts'],
      reportOnFailure: true,
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
