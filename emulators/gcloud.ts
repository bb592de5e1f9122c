import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandPath } from '@hearth/testing/needs';
import { startChildServer } from './child-server.ts';

/** An emulator of the Google Cloud CLI that runs. */
export interface GcloudEmulator {
  /** Where it listens: `127.0.0.1:<port>`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** The path of a file of the Google Cloud CLI (`platform/…`), or `undefined` where it is not installed. */
export function gcloudFile(path: string): string | undefined {
  const gcloud = commandPath('gcloud');
  const roots = [
    process.env['CLOUDSDK_ROOT_DIR'],
    gcloud === undefined ? undefined : dirname(dirname(realpathSync(gcloud))),
    '/usr/lib/google-cloud-sdk',
  ];
  return roots.flatMap((root) => (root === undefined ? [] : join(root, path))).find(existsSync);
}

/** Starts an emulator in Java on a free port, and resolves when it answers; `undefined` where there is no Java. */
export async function startGcloudEmulator(
  args: readonly string[],
): Promise<GcloudEmulator | undefined> {
  const java = commandPath('java');
  if (java === undefined) return undefined;
  // What is compiled well only after minutes is of no use to a test.
  const fast = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Duser.language=en'];
  const { port, stop } = await startChildServer(
    (free) => [java, ...fast, ...args, '--host=127.0.0.1', `--port=${free}`],
    '/',
  );
  return { host: `127.0.0.1:${port}`, stop };
}
