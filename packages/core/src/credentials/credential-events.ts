import type { Call } from '../model/call.ts';
import { defineCall } from '../model/call.ts';
import { eventDef, type EventDef, type EventType } from '../model/event.ts';
import type { Schema } from '../model/schema.ts';
import type { CredentialState } from './credential.ts';
import {
  count,
  dataOf,
  flag,
  instant,
  name,
  nullable,
  optional,
  pem,
  reason,
  values,
} from '../model/fields.ts';

type Json = Readonly<Record<string, unknown>>;

/** A credential that was made elsewhere, and its terms. Timestamps are RFC 3339. */
export interface Added {
  readonly credential: string;
  readonly expires?: string | null;
  readonly serial?: string;
  /** Until when the device must have proved that it has it; as long as the options say when absent, `null` for whenever it likes. */
  readonly until?: string | null;
  /** Whether it is in use already: a device in the field that is taken over. */
  readonly proved?: boolean;
}

/** How a device that is to come proves what it is. */
export interface Expected {
  readonly proofKey: string;
  /** The name of the template by which its first credential is made. */
  readonly template?: string;
  readonly parameters?: Json;
}

/** The answer to a challenge. `signature` is over `claimText`. */
export interface Answer {
  readonly device: string;
  readonly nonce: string;
  readonly signature: string;
  /** The request for a certificate, or a public key. */
  readonly csr: string;
}

/** Who did what to which credential, when and why: one for each change. */
export interface Audited {
  readonly credential: string | null;
  readonly from: CredentialState | null;
  /** The state that it has now, or what else was done: `expected`, `challenged`, `refused`, `withdrawn`. */
  readonly to: string;
  /** `<kind>:<id>` of the principal. */
  readonly who: string;
  /** What that principal had proved itself with. */
  readonly with: string | null;
  readonly when: string;
  readonly because: string;
}

/** A credential as events name it. */
export interface Named {
  readonly credential: string;
  readonly serial?: string;
  readonly expires: string | null;
}

/** What is asked of whoever issues credentials. */
export interface IssueRequest {
  readonly device: string;
  readonly csr: string;
  /** What `template` of the options has made of the claim; empty for a rotation without one. */
  readonly template: Json;
  /** The event that asked for it. */
  readonly attempt: string;
}

/** What has been issued. `certificate` may be absent where the device gets it another way. */
export interface IssueResult {
  readonly credential: string;
  readonly expires: string | null;
  readonly serial?: string;
  readonly certificate?: string;
}

/** A signature to be checked: over `claimText` of the device, the nonce and the csr, with `proofKey`. */
export interface VerifyRequest extends Answer {
  readonly proofKey: string;
  readonly attempt: string;
}

/** The types of the events, by name. */
export type CredentialEvents<T extends string> = {
  readonly [K in keyof Datas]: EventDef<`${T}.${K}`, Datas[K]>;
};

/** What each event says. */
export interface Datas {
  /** From services: a credential that was made elsewhere. */
  readonly added: Added;
  /** From services, users or a rule: the device is to have a new credential. */
  readonly rotate: { readonly because: string };
  /** From the device: it asks for a credential for this key. */
  readonly requested: { readonly csr: string };
  /** From the device, by the connection that its new credential has opened: it has it. */
  readonly proved: Readonly<Record<never, never>>;
  /** From services: this credential is not to be believed any more. */
  readonly revoke: { readonly credential: string; readonly because: string };
  /** From services: the device is shut out. */
  readonly withdraw: { readonly because: string };
  /** From services: a device that is to come. */
  readonly expect: Expected;
  /** From a bootstrap identity, about itself: a device asks for a challenge. */
  readonly claim: { readonly device: string };
  /** From a bootstrap identity, about itself: the device's answer. */
  readonly answer: Answer;

  /** Handed on to the record of the device: somebody claims it, or answers for it. */
  readonly claimed: { readonly by: string };
  readonly answered: Answer & { readonly by: string };
  /** For the device: it is to make a key and ask for a credential. */
  readonly renew: { readonly because: string; readonly until: string };
  /** For the device: the challenge. */
  readonly challenged: { readonly nonce: string; readonly until: string; readonly by: string };
  /** For the device: its new credential, to be proved by a second connection before `until`. */
  readonly issued: Named & { readonly certificate?: string; readonly until: string | null };
  /** For the device: from now on this one counts, and others work until `graceUntil` only. */
  readonly activated: Named & { readonly graceUntil: string | null };
  /** For brokers: who comes with it is to be let in. */
  readonly admitted: Named;
  /** For brokers and revocation lists: who comes with it is to be kept out. */
  readonly revoked: Named & { readonly because: string };
  /** For operators: the credential of today expires soon. */
  readonly expiring: Named & { readonly daysLeft: number };
  /** For operators: it has expired, and there is no other. */
  readonly overdue: Named;
  /** For operators: a rotation or a claim has come to nothing. What was active still is. */
  readonly failed: { readonly credential: string | null; readonly because: string };
  readonly audited: Audited;
}

const signed = { device: name, nonce: name, signature: pem, csr: pem };
const named = { credential: name, serial: optional(name), expires: nullable(instant) };

const schemas: { readonly [K in keyof Datas]: Schema<Datas[K]> } = {
  added: dataOf<Added>({
    credential: name,
    expires: optional(nullable(instant)),
    serial: optional(name),
    until: optional(nullable(instant)),
    proved: optional(flag),
  }),
  rotate: dataOf({ because: reason }),
  requested: dataOf({ csr: pem }),
  proved: dataOf({}),
  revoke: dataOf({ credential: name, because: reason }),
  withdraw: dataOf({ because: reason }),
  expect: dataOf<Expected>({
    proofKey: pem,
    template: optional(name),
    parameters: optional(values),
  }),
  claim: dataOf({ device: name }),
  answer: dataOf<Answer>(signed),
  claimed: dataOf({ by: name }),
  answered: dataOf<Datas['answered']>({ ...signed, by: name }),
  renew: dataOf({ because: reason, until: instant }),
  challenged: dataOf({ nonce: name, until: instant, by: name }),
  issued: dataOf<Datas['issued']>({
    ...named,
    certificate: optional(pem),
    until: nullable(instant),
  }),
  activated: dataOf<Datas['activated']>({ ...named, graceUntil: nullable(instant) }),
  admitted: dataOf<Named>(named),
  revoked: dataOf<Datas['revoked']>({ ...named, because: reason }),
  expiring: dataOf<Datas['expiring']>({ ...named, daysLeft: count }),
  overdue: dataOf<Named>(named),
  failed: dataOf({ credential: nullable(name), because: reason }),
  audited: dataOf<Audited>({
    credential: nullable(name),
    from: nullable(name),
    to: name,
    who: pem,
    with: nullable(name),
    when: instant,
    because: reason,
  }),
};

const operators = ['app', 'service'] as const;
const speakers: { readonly [K in keyof Datas]?: EventType['from'] } = {
  added: operators,
  rotate: ['app', 'service', 'user'],
  requested: ['device'],
  proved: ['device'],
  revoke: operators,
  withdraw: operators,
  expect: operators,
  claim: ['device', 'hub'],
  answer: ['device', 'hub'],
  claimed: operators,
  answered: operators,
};

/** Makes the types of the events. What nobody outside says, the part of the name `type` alone emits. */
export function credentialEvents<T extends string>(type: T): CredentialEvents<T> {
  const all = Object.entries<Schema>(schemas).map(([key, data]) => {
    const from = speakers[key as keyof Datas];
    const said = from === undefined ? { madeBy: type } : { from };
    return [key, eventDef({ type: `${type}.${key}`, data, older: [], ...said })] as const;
  });
  // Made from the names that the type is computed from.
  return Object.fromEntries(all) as unknown as CredentialEvents<T>;
}

/** What others do for the credentials of devices, as calls. */
export interface CredentialCalls<T extends string> {
  /** Makes a credential: signs the request for a certificate. The idempotency key is the same on every attempt. */
  readonly issue: Call<`${T}.issue`, IssueRequest, IssueResult>;
  /** Gives a nonce that nobody can guess. */
  readonly challenge: Call<`${T}.challenge`, Challenge, { readonly nonce: string }>;
  /** Tells whether a signature is right. */
  readonly verify: Call<`${T}.verify`, VerifyRequest, { readonly valid: boolean }>;
}

/** What a nonce is asked for. */
export interface Challenge {
  readonly device: string;
  readonly attempt: string;
}

/** Makes the calls. */
export function credentialCalls<T extends string>(type: T): CredentialCalls<T> {
  const often = { timeoutMs: 30_000, attempts: 5 };
  return {
    issue: defineCall({
      type: `${type}.issue` as const,
      request: dataOf<IssueRequest>({ device: name, csr: pem, template: values, attempt: pem }),
      result: dataOf<IssueResult>({ ...named, certificate: optional(pem) }),
      ...often,
    }),
    challenge: defineCall({
      type: `${type}.challenge` as const,
      request: dataOf<Challenge>({ device: name, attempt: pem }),
      result: dataOf({ nonce: name }),
      ...often,
    }),
    verify: defineCall({
      type: `${type}.verify` as const,
      request: dataOf<VerifyRequest>({ ...signed, proofKey: pem, attempt: pem }),
      result: dataOf({ valid: flag }),
      ...often,
    }),
  };
}
