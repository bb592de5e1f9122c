import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

interface Manifest {
  readonly publishConfig: { readonly exports: Readonly<Record<string, string | Built>> };
}

interface Built {
  readonly default: string;
}

// Inside the workspace a package exports its sources; what is to be measured is what users get.
registerHooks({
  resolve(specifier, context, next) {
    const [, folder, door = ''] = /^@hearth\/([^/]+)(\/.+)?$/.exec(specifier) ?? [];
    // What starts emulators is not published, and so never built.
    if (folder === undefined || folder === 'emulators') return next(specifier, context);
    return { url: builtDoor(folder, door), shortCircuit: true };
  },
});

function builtDoor(folder: string, door: string): string {
  const root = new URL(`../packages/${folder}/`, import.meta.url);
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;
  const file = manifest.publishConfig.exports[`.${door}`] as Built;
  return new URL(file.default, root).href;
}
