import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gcloudFile, startGcloudEmulator, type GcloudEmulator } from './gcloud.ts';

/** What `needs` says is missing. */
export const pubsubNeeds = 'the Pub/Sub emulator of the Google Cloud CLI, and Java';

/**
 * Starts Google's Pub/Sub emulator, or gives `undefined` where the Google Cloud CLI or Java is missing.
 *
 * Real: pull, push to a local HTTP server with the wrapped body, redelivery, ordering keys, dead-letter topics. Not real: filters of
 * subscriptions (ignored), tokens of pushes (none is sent), quotas; a wrapped body has no `orderingKey` and no `deliveryAttempt`, and an
 * answer of 202 counts as a refusal.
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

/** A topic with one subscription to it, by the REST interface of the emulator. */
export interface PubsubPair {
  /** Their names, which are the same. */
  readonly name: string;
  /** Takes up to 100 messages, and acknowledges them. */
  pull(): Promise<readonly PulledMessage[]>;
}

/** A message as it was pulled; `data` is base64. */
export interface PulledMessage {
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** Makes a topic and a subscription that keeps order; `more` is put into the subscription, such as a push endpoint. */
export async function pubsubPair(
  host: string,
  project: string,
  name: string,
  more: object = {},
): Promise<PubsubPair> {
  const call = async (method: string, path: string, body: object): Promise<unknown> => {
    const url = `http://${host}/v1/projects/${project}/${path}`;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  await call('PUT', `topics/${name}`, {});
  const topic = `projects/${project}/topics/${name}`;
  await call('PUT', `subscriptions/${name}`, { topic, enableMessageOrdering: true, ...more });
  return {
    name,
    async pull() {
      const asked = { maxMessages: 100, returnImmediately: true };
      const { receivedMessages = [] } = (await call(
        'POST',
        `subscriptions/${name}:pull`,
        asked,
      )) as {
        receivedMessages?: readonly { ackId: string; message: PulledMessage }[];
      };
      const ackIds = receivedMessages.map(({ ackId }) => ackId);
      if (ackIds.length > 0) await call('POST', `subscriptions/${name}:acknowledge`, { ackIds });
      return receivedMessages.map(({ message }) => message);
    },
  };
}
