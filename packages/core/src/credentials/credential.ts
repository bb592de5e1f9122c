/**
 * What a credential is worth: `pending` has been issued and not been used; `active` is the one of today; `grace` is the one before, which
 * still works for a while; `revoked` and `expired` are over.
 */
export type CredentialState = 'pending' | 'active' | 'grace' | 'revoked' | 'expired';

/** One certificate, key or token of a device. All instants are ms since the epoch. */
export interface Credential {
  /** What a principal's `credential` says: a fingerprint, the id of a certificate or a token. Never the secret itself. */
  readonly id: string;
  readonly state: CredentialState;
  /** When it expires by itself; `null` for never. */
  readonly expires: number | null;
  /** Since when it is in this state. */
  readonly since: number;
  /** When `pending` or `grace` ends; `null` in the other states, and for a pending one that may wait for ever. */
  readonly until: number | null;
  /** How long before its expiry somebody was warned last (ms); `null` if nobody was, 0 if it is overdue. */
  readonly warned: number | null;
  /** What a revocation list calls it. */
  readonly serial?: string;
}

/** A rotation that the device has been asked for, until it has a new credential. */
export interface Rotation {
  readonly because: string;
  /** When it has failed (ms). */
  readonly until: number;
  /** The request for which a credential is being issued. */
  readonly issuing: string | null;
}

/** How a device that has no credential yet proves that it is the one that left the factory. */
export interface Claim {
  /** What its signature is checked against: a public key, or the name of a secret. */
  readonly proofKey: string;
  readonly template: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Who claims it: the bootstrap identity that asked for the challenge. */
  readonly by: string | null;
  readonly nonce: string | null;
  /** Until when the claim that is under way must be done (ms). */
  readonly until: number | null;
  /** The claim or the answer that is being worked on. */
  readonly working: string | null;
  /** How many signatures were wrong since it was expected. */
  readonly failures: number;
}

/** All that is kept of the credentials of one device. */
export interface Credentials {
  /** In the order in which they came; of those that are over, the last sixteen. */
  readonly list: readonly Credential[];
  readonly rotation: Rotation | null;
  readonly claim: Claim | null;
  /** Whether the device has been shut out for good. */
  readonly isWithdrawn: boolean;
}

/** What is known of a device that nobody has mentioned. */
export const noCredentials: Credentials = {
  list: [],
  rotation: null,
  claim: null,
  isWithdrawn: false,
};

/** Whether a credential opens a door. */
export const isLive = ({ state }: Credential): boolean =>
  state === 'pending' || state === 'active' || state === 'grace';

/** The ids of the credentials with which a device may come in: for access lists. */
export function liveCredentials({ list }: Credentials): readonly string[] {
  return list.filter(isLive).map(({ id }) => id);
}

/** The credential of today. There is at most one. */
export function activeOf(list: readonly Credential[]): Credential | undefined {
  return list.find(({ state }) => state === 'active');
}

/** Whether a credential has expired at an instant, whatever its state. */
export const isExpired = ({ expires }: Credential, now: number): boolean =>
  expires !== null && expires <= now;
