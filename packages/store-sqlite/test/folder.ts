import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the files of one test. */
export interface Folder {
  file(name?: string): string;
  /** Whether a text is anywhere in any file of the folder. */
  contains(text: string): boolean;
  remove(): void;
}

/** Makes an empty folder; the test removes it. */
export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'hearth-sqlite-'));
  return {
    file: (name = 'store.db') => join(path, name),
    contains: (text) =>
      readdirSync(path).some((name) => readFileSync(join(path, name)).includes(text)),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
