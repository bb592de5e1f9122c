import { readFileSync } from 'node:fs';

/** A file of this example. */
export const file = (path: string): string =>
  readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** The settings that these files read, by `setting('…')`. */
export function settingsOf(...paths: readonly string[]): readonly string[] {
  const text = paths.map(file).join('\n');
  const names = [...text.matchAll(/\bsetting\('(\w+)'\)/g)].map(([, name = '']) => name);
  return [...new Set(names)].toSorted();
}
