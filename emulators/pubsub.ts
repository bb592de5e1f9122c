import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gcloudFile, startGcloudEmulator, type GcloudEmulator } from './gcloud.ts';

/** What `needs` says is missing. */
export const pubsubNeeds = 'the Pub/Sub emulator of the Google Cloud CLI, and Java';

/**
 * Starts Google's Pub/Sub emulator, or gives `undefined` where the Google Cloud CLI or Java is missing.
 *
 * Real: pull, push to a local HTTP server with the wrapped body, redelivery, ordering keys, dead-letter topics. Not real: filters of
 * subscriptions (ignored), tokens of pushes (none is sent), quotas; a wrapped body has no `publishTime` and no `orderingKey`.
 */
export async function startPubsub(): Promise<GcloudEmulator | undefined> {
  const folder = gcloudFile('platform/pubsub-emulator/lib');
  const jar =
    folder === undefined
      ? undefined
      : readdirSync(folder).find((name) => name.endsWith('-all.jar'));
  if (folder === undefined || jar === undefined) return undefined;
  return startGcloudEmulator(['-jar', join(folder, jar)]);
}
