import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's folder, with a slash at its end. */
export const root = fileURLToPath(new URL('../', import.meta.url));

const skipped = new Set(['node_modules', 'dist', 'coverage', '.git', '.hearth']);

/** Gives the paths of all files under a folder, relative to the repository. */
export function filesUnder(folder: string, ending: string): readonly string[] {
  return readdirSync(root + folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesUnder(path, ending);
      return entry.name.endsWith(ending) ? [path] : [];
    })
    .toSorted();
}

/** Gives the names of the packages' folders. */
export function packageFolders(): readonly string[] {
  return readdirSync(`${root}packages`).toSorted();
}

/** Reads a file of the repository. */
export function read(path: string): string {
  return readFileSync(root + path, 'utf8');
}

/** What the checks use of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly publishConfig?: {
    readonly bin?: Readonly<Record<string, string>>;
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
}

/** Reads the package.json of a folder of the repository. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(read(`${folder}/package.json`)) as Manifest;
}

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g;

/** Gives what a source text imports or re-exports, as written there. */
export function importsOf(text: string): readonly string[] {
  return [...withoutComments(text).matchAll(specifier)].map((match) => match[2] ?? '');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
