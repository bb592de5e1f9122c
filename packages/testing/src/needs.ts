import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What `needs` uses of a test's context: its way to skip the test, which does not return. Vitest's context fits. */
export interface SkippableTest {
  skip(note: string): never;
}

/**
 * Gives back what a test found on this machine, or skips the test where it is missing.
 *
 * `what` completes the sentence "needs …" in the printed reason. Where `HEARTH_REQUIRE_ALL=1` is set, as it is in continuous
 * integration, nothing may be missing: there the test fails instead, so that a lost tool cannot pass for a passed test.
 *
 * @example
 * const broker = needs(context, commandPath('mosquitto'), 'mosquitto, the broker');
 */
export function needs<T>(test: SkippableTest, found: T | undefined, what: string): T {
  if (found !== undefined) return found;
  const reason = `needs ${what}, not found on this machine`;
  if (process.env['HEARTH_REQUIRE_ALL'] === '1') {
    throw new Error(`This test ${reason}, and HEARTH_REQUIRE_ALL=1 forbids to skip it.`);
  }
  return test.skip(reason);
}

// Debian keeps daemons such as mosquitto in sbin, which is not on the PATH of an ordinary user.
const daemonFolders = ['/usr/local/sbin', '/usr/sbin', '/opt/homebrew/sbin'];

/** Gives the full path of an executable on `PATH` or in the folders where daemons live, or `undefined`. */
export function commandPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...daemonFolders];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
