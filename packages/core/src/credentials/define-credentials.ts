import { HearthError } from '../event/error.ts';
import { eventDef, type Draft, type EventDef, type EventType } from '../model/event.ts';
import { handlerOf, type Part, type Ref } from '../model/handler.ts';
import type { Readable } from '../model/reads.ts';
import { anything } from '../model/schema.ts';
import { activeOf, noCredentials, type Credentials } from './credential.ts';
import {
  credentialCalls,
  credentialEvents,
  type CredentialCalls,
  type CredentialEvents,
} from './credential-events.ts';
import type { Model, TemplateInput } from './settle.ts';
import { claimants, deviceSteps } from './subscriptions.ts';

/** How credentials are looked after; see `defineCredentials`. */
export interface CredentialsOptions<T extends string> {
  /** What the types of the events begin with, and the name of the records: `hearth.credentials` unless given. */
  readonly type?: T;
  /** How long (ms) a credential still works after the next one has been proved: a week unless given; 0 ends it at once. */
  readonly graceMs?: number;
  /** How long (ms) a device has to ask for a credential, and again to prove it: a day unless given. */
  readonly proveWithinMs?: number;
  /** How long (ms) a claim may take from challenge to answer: five minutes unless given. */
  readonly answerWithinMs?: number;
  /** How many days before its expiry `expiring` tells of a credential: 30, 7 and 1 unless given. */
  readonly warnDaysBefore?: readonly number[];
  /** Whether every such warning, and expiry itself, starts a rotation if none is under way; no, unless asked for. */
  readonly autoRenew?: boolean;
  /**
   * What a credential is to be made with, for whoever issues it: plain JSON, `{}` unless given. `undefined` refuses (`not-permitted`).
   */
  readonly template?: (claim: TemplateInput) => Readonly<Record<string, unknown>> | undefined;
}

/** The credentials of all devices; see `defineCredentials`. */
export interface DefinedCredentials<T extends string> extends Part, Readable<Credentials> {
  readonly type: T;
  readonly events: CredentialEvents<T>;
  /** What the runtime must have functions for: `issue` for rotations, all three for claims. */
  readonly calls: CredentialCalls<T>;
  /** Everything for the parts of an app: this, and the calls. */
  readonly parts: readonly Part[];
  ref(device: string): Ref<Credentials>;
}

const dayMs = 86_400_000;

/**
 * Looks after the credentials of devices: one record for each, with what it holds, what is being rotated, and who claims it.
 *
 * A rotation: `rotate` asks the device for a new key (`renew`), it asks for a credential (`requested`), the `issue` call makes one, the device
 * gets it (`issued`) and proves it by a second connection (`proved`, whose principal's `credential` is the new one). Only then it is the
 * active one, and the one before works for a while longer. Whatever fails or takes too long before that leaves the active one as it is. A
 * device that has had an active credential has exactly one until it is withdrawn: the last one cannot be revoked, and when it expires it
 * stays `active` here and `overdue` is told.
 *
 * Every change emits `audited`. Steps answer `no-credential`, `no-proof`, `unknown-credential`, `credential-revoked`, `credential-expired`,
 * `credential-pending`, `last-credential`, `rotation-under-way`, `too-many-credentials`, `withdrawn`, and claims `not-expected`,
 * `claim-under-way`, `claim-blocked`, `no-challenge`, `has-credential`.
 *
 * @throws {HearthError} `invalid-definition` for times that are none.
 */
export function defineCredentials<const T extends string = 'hearth.credentials'>(
  options: CredentialsOptions<T> = {},
): DefinedCredentials<T> {
  const type = options.type ?? ('hearth.credentials' as T);
  const events = credentialEvents(type);
  const calls = credentialCalls(type);
  const due = eventDef({ type: `${type}.due`, data: anything, older: [] });
  const model = modelOf(type, options, { events, calls, due });
  const record = handlerOf<Credentials>(
    { name: type, state: anything, initial: noCredentials, tags: tagsOf, trusted: true },
    deviceSteps(model, due),
  );
  const part = {
    type,
    events,
    calls,
    ref: record.ref,
    record,
    view: record.view,
    handlers: [record, claimants(model)],
    defines: Object.values<EventType>(events),
    makes: [type],
  };
  return Object.assign(part, { parts: [part, calls.issue, calls.challenge, calls.verify] });
}

function modelOf(
  type: string,
  options: CredentialsOptions<string>,
  own: { readonly events: unknown; readonly calls: unknown; readonly due: EventDef },
): Model {
  const { graceMs = 7 * dayMs, proveWithinMs = dayMs, answerWithinMs = 300_000 } = options;
  const { warnDaysBefore = [30, 7, 1], autoRenew = false, template = () => ({}) } = options;
  assertTime('graceMs', graceMs, 0);
  assertTime('proveWithinMs', proveWithinMs, 1);
  assertTime('answerWithinMs', answerWithinMs, 1);
  const warnBeforeMs = warnDaysBefore.map((days) => days * dayMs);
  for (const ms of warnBeforeMs) assertTime('warnDaysBefore', ms, 1);
  return {
    type,
    // Their types are those of T, which the steps need not know.
    events: own.events as Model['events'],
    calls: own.calls as Model['calls'],
    due: (device): Draft => own.due(device, {}),
    times: { graceMs, proveWithinMs, answerWithinMs, warnBeforeMs },
    autoRenew,
    template,
  };
}

function assertTime(field: string, ms: number, least: number): void {
  // What would end after the year 9999 could not be written as a timestamp.
  if (Number.isSafeInteger(ms) && ms >= least && ms <= 1e12) return;
  const message = `"${field}" of credentials must be whole milliseconds (days for warnDaysBefore) from ${least} to 1e12.`;
  throw new HearthError('invalid-definition', message, { field });
}

/** What operators look devices up by: `rotation`, and the month in which the credential of today expires. */
function tagsOf({ list, rotation, isWithdrawn }: Credentials): Readonly<Record<string, string>> {
  const active = activeOf(list);
  const isRotating = rotation !== null || list.some(({ state }) => state === 'pending');
  const steady = active === undefined ? 'none' : 'steady';
  const month =
    active === undefined || active.expires === null
      ? {}
      : { expires: new Date(active.expires).toISOString().slice(0, 7) };
  if (isWithdrawn) return { rotation: 'withdrawn' };
  return { rotation: isRotating ? 'rotating' : steady, ...month };
}
