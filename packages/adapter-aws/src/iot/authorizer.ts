import { createHash } from 'node:crypto';
import type { Principal } from '@hearth/core';
import { recordOf } from '@hearth/core/trigger';
import { devicePolicy, type DevicePolicyOptions, type IotPolicy } from './device-policy.ts';

/** What somebody shows who wants to connect, as AWS IoT hands it to a custom authorizer. */
export interface IotConnectRequest {
  readonly token?: string;
  /** Whether AWS IoT has checked the signature of the token; `false` where signing is off. */
  readonly signatureVerified: boolean;
  readonly serverName?: string;
  readonly username?: string;
  /** The password, decoded. */
  readonly password?: string;
  readonly clientId?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly queryString?: string;
}

/** How connections are let in. */
export interface AuthorizerOptions {
  /**
   * Who it is: a device, whose id its client id must be, or `undefined` if it has proved nothing. Its `credential`, if it consists of
   * letters and digits, comes back as the `credential` of what it then sends. What it throws ends the attempt; the device tries again.
   */
  readonly authenticate: (
    request: IotConnectRequest,
  ) => Principal | undefined | Promise<Principal | undefined>;
  /** Where the policy of the connection holds; see `devicePolicy`. */
  readonly policy: Omit<DevicePolicyOptions, 'device'>;
  /** How long a connection lasts: a day, which is the most, unless given. */
  readonly disconnectAfterSeconds?: number;
  /** How often AWS IoT asks again meanwhile, so that what is revoked is shut out: five minutes, the least, unless given. */
  readonly refreshAfterSeconds?: number;
}

/** What AWS IoT wants to know. */
export interface AuthorizerAnswer {
  readonly isAuthenticated: boolean;
  readonly principalId: string;
  readonly disconnectAfterInSeconds: number;
  readonly refreshAfterInSeconds: number;
  readonly policyDocuments: readonly IotPolicy[];
}

/**
 * Makes the function behind a custom authorizer of AWS IoT: for devices that come with a token or a password instead of a certificate.
 *
 * A device is let in under its own name only, with the rights of `devicePolicy`, so that `iotRule` may take the client id for who speaks.
 * Nobody else is let in.
 *
 * @throws {HearthError} `invalid-option`, when it is made, for a policy that cannot be.
 */
export function authorizer(
  options: AuthorizerOptions,
): (event: unknown) => Promise<AuthorizerAnswer> {
  const {
    authenticate,
    policy,
    disconnectAfterSeconds = 86_400,
    refreshAfterSeconds = 300,
  } = options;
  devicePolicy({ ...policy, device: 'd' });
  const answer = (principalId: string, policyDocuments: readonly IotPolicy[]) => ({
    isAuthenticated: policyDocuments.length > 0,
    principalId,
    disconnectAfterInSeconds: disconnectAfterSeconds,
    refreshAfterInSeconds: refreshAfterSeconds,
    policyDocuments,
  });
  return async (event) => {
    const request = requestOf(event);
    const known = await authenticate(request);
    if (known?.kind !== 'device' || !canBeThing.test(known.id)) return answer('unknown', []);
    // A request by HTTP has no client id: it may publish, and nobody takes it for a device by that.
    const isOwn = request.clientId === undefined || request.clientId === known.id;
    if (!isOwn) return answer('unknown', []);
    return answer(principalIdOf(known), documentsOf(devicePolicy({ ...policy, device: known.id })));
  };
}

// AWS IoT takes ten documents, each of at most this many characters.
const mostCharacters = 2048;

function documentsOf(policy: IotPolicy): readonly IotPolicy[] {
  if (JSON.stringify(policy).length <= mostCharacters) return [policy];
  return policy.Statement.map((statement) => ({ ...policy, Statement: [statement] }));
}

const canBeThing = /^[\w:-]{1,128}$/;

function principalIdOf({ id, credential = id }: Principal): string {
  if (/^[a-z\d]{1,128}$/i.test(credential)) return credential;
  return createHash('sha256').update(credential).digest('hex');
}

function requestOf(event: unknown): IotConnectRequest {
  const { token, signatureVerified, protocolData } = recordOf(event);
  const { tls, http, mqtt } = recordOf(protocolData);
  const { username, password, clientId } = recordOf(mqtt);
  const { headers, queryString } = recordOf(http);
  const texts = { token, username, clientId, queryString, serverName: recordOf(tls)['serverName'] };
  const given = Object.entries(texts).filter(([, value]) => typeof value === 'string');
  return {
    ...(Object.fromEntries(given) as Partial<Record<keyof typeof texts, string>>),
    ...(typeof password === 'string'
      ? { password: Buffer.from(password, 'base64').toString() }
      : {}),
    headers: recordOf(headers) as Readonly<Record<string, string>>,
    signatureVerified: signatureVerified === true,
  };
}
