import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What a simulated thermostat keeps when its power fails. */
export interface Kept {
  readonly celsius: number;
  readonly setpointCelsius: number;
  /** The counter of the newest wish that it has obeyed. */
  readonly newest: number;
}

/** The memory of one device. */
export interface Flash {
  read(): Kept | undefined;
  write(kept: Kept): void;
}

/** Gives the memory of a device: a small file in a folder. */
export function flashOf(folder: string, name: string): Flash {
  const file = resolve(folder, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  return {
    read() {
      try {
        return JSON.parse(readFileSync(file, 'utf8')) as Kept;
      } catch {
        return undefined;
      }
    },
    // Written beside and then renamed, so that a crash leaves the old text or the new one.
    write(kept) {
      writeFileSync(`${file}.new`, JSON.stringify(kept));
      renameSync(`${file}.new`, file);
    },
  };
}
