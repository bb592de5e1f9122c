import { gcloudFile, startGcloudEmulator, type GcloudEmulator } from './gcloud.ts';

/** What `needs` says is missing. */
export const firestoreNeeds = 'the Firestore emulator of the Google Cloud CLI, and Java';

/**
 * Starts Google's Firestore emulator, or gives `undefined` where the Google Cloud CLI or Java is missing.
 *
 * Real: preconditions, transactions, queries, strong consistency, the limits of a document. Not real: index configuration (every query is
 * served), quotas, contention (it locks instead), backups and reads of the past.
 */
export async function startFirestore(): Promise<GcloudEmulator | undefined> {
  const jar = gcloudFile('platform/cloud-firestore-emulator/cloud-firestore-emulator.jar');
  if (jar === undefined) return undefined;
  // The jar names no main class.
  const main = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';
  return startGcloudEmulator(['-cp', jar, main, 'start']);
}
