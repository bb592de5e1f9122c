import { createHmac } from 'node:crypto';
import { HearthError } from '@hearth/core';
import type { AzureCredential } from '../stores/table-client.ts';

const validMs = 3_600_000;

/**
 * Makes shared access signatures of IoT Hub from a connection string of the service, one an hour.
 *
 * @throws {HearthError} `invalid-option` (when a token is asked for) for a connection string that is none.
 */
export function sharedAccess(
  connectionString: () => string | Promise<string>,
): () => Promise<string> {
  let last: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    if (last !== undefined && last.until > Date.now()) return last.token;
    const token = signature(await connectionString(), Date.now() + validMs);
    last = { token, until: Date.now() + validMs / 2 };
    return token;
  };
}

function signature(connectionString: string, expiresMs: number): string {
  const parts = new Map(
    connectionString.split(';').map((part): [string, string] => {
      const at = part.indexOf('=');
      return [part.slice(0, at), part.slice(at + 1)];
    }),
  );
  const [host, name, key] = ['HostName', 'SharedAccessKeyName', 'SharedAccessKey'].map((part) =>
    parts.get(part),
  );
  if (host === undefined || name === undefined || key === undefined) {
    const message =
      '"connectionString" of the publisher must have HostName, SharedAccessKeyName and SharedAccessKey.';
    throw new HearthError('invalid-option', message, { field: 'connectionString' });
  }
  const resource = encodeURIComponent(host);
  const expires = Math.floor(expiresMs / 1_000);
  const hmac = createHmac('sha256', Buffer.from(key, 'base64'));
  const signed = encodeURIComponent(hmac.update(`${resource}\n${expires}`).digest('base64'));
  return `SharedAccessSignature sr=${resource}&sig=${signed}&se=${expires}&skn=${encodeURIComponent(name)}`;
}

/** The tokens of a credential, which keeps them until they expire. */
export function bearerOf(credential: AzureCredential): () => Promise<string> {
  return async () => {
    const found = await credential.getToken('https://iothubs.azure.net/.default');
    if (found !== null) return `Bearer ${found.token}`;
    const message = 'The credential gave no token for IoT Hub.';
    throw new HearthError('publisher-unavailable', message, { retryable: true });
  };
}
