import { readFileSync } from 'node:fs';

/** A file of this example. */
export const file = (path: string): string =>
  readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** The settings that an entry reads, by `setting('…')`. */
export const settingsOf = (entry: string): readonly string[] =>
  [
    ...new Set([...file(entry).matchAll(/\bsetting\('(\w+)'\)/g)].map(([, name = '']) => name)),
  ].toSorted();
