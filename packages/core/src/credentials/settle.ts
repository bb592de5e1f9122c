import type { Draft, Incoming } from '../model/event.ts';
import type { Outcome, StepInput } from '../model/handler.ts';
import { activeOf, type Credential, type Credentials } from './credential.ts';
import type { Audited, CredentialCalls, CredentialEvents, Named } from './credential-events.ts';
import { nextInstant, passed, type Change, type Notice, type RotationTimes } from './rotation.ts';

/** What the steps of one definition have in common. */
export interface Model {
  readonly type: string;
  readonly events: CredentialEvents<string>;
  readonly calls: CredentialCalls<string>;
  readonly due: (subject: string) => Draft;
  readonly times: RotationTimes & {
    readonly proveWithinMs: number;
    readonly answerWithinMs: number;
  };
  readonly autoRenew: boolean;
  readonly template: (claim: TemplateInput) => Readonly<Record<string, unknown>> | undefined;
}

/** What a template is filled in with. */
export interface TemplateInput {
  readonly device: string;
  /** The name that `expect` gave; `null` for a rotation. */
  readonly template: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What a step gets, whatever its event. */
export type Input<D = unknown> = StepInput<Credentials, Incoming<string, D>, unknown> & {
  /** The device that the record is about; a claim's event is about who claims. */
  readonly device: string;
};

/** What a step has decided; what follows from it, `settle` adds. */
export interface Act {
  readonly state?: Partial<Credentials>;
  readonly changes?: readonly Change[];
  readonly emit?: readonly Draft[];
  /** What is kept of it for the auditors besides the changes. */
  readonly audit?: readonly Pick<Audited, 'to' | 'because'>[];
  readonly reply?: unknown;
}

/** Nothing happened. */
export const nothing: Outcome<Credentials> = {};

/** An answer that says no. */
export const no = (code: string, data?: unknown): Outcome<Credentials> => ({
  reject: data === undefined ? { code } : { code, data },
});

/** A timestamp of an instant. */
export const at = (ms: number): string => new Date(ms).toISOString();

const atOrNull = (ms: number | null): string | null => (ms === null ? null : at(ms));

/** A credential as events name it. */
export const named = ({ id, serial, expires }: Credential): Named => ({
  credential: id,
  ...(serial === undefined ? {} : { serial }),
  expires: atOrNull(expires),
});

/** Makes the outcome of what a step has decided: lets time do its part, tells who must know, and sets the timer. */
export function settle(model: Model, input: Input, act: Act): Outcome<Credentials> {
  const decided: Credentials = { ...input.state, ...act.state };
  const time = passed(decided.list, input.now, model.times);
  const late = lateRotation(decided, input.now);
  const renewed = renewal(
    model,
    { ...decided, ...late.state, list: time.list },
    time.notices,
    input.now,
  );
  const state: Credentials = { ...decided, ...late.state, ...renewed, list: time.list };
  const changes = [...(act.changes ?? []), ...time.changes];
  const audit = [...(act.audit ?? []), ...late.audit];
  const emit = [
    // Brokers are told before the device: it comes in at once.
    ...changes.flatMap((change) => told(model, input.device, state, change)),
    ...(act.emit ?? []),
    ...time.notices.map((notice) => noticed(model, input, notice)),
    ...late.audit.map(({ because }) =>
      model.events.failed(input.device, { credential: null, because }),
    ),
    ...(renewed.rotation === undefined ? [] : [renewOf(model, input.device, state)]),
    ...changes.map((change) => auditOf(model, input, change)),
    ...audit.map((one) => audited(model, input, { credential: null, from: null, ...one })),
  ];
  const outcome = { state, emit, ...timing(model, input.device, state) };
  return act.reply === undefined ? outcome : { ...outcome, reply: act.reply };
}

/** A rotation for which nobody asked for a credential, or none was issued, in time. */
function lateRotation({ rotation }: Credentials, now: number) {
  if (rotation === null || rotation.until > now) return { state: {}, audit: [] };
  const because = rotation.issuing === null ? 'not-requested' : 'not-issued';
  return { state: { rotation: null }, audit: [{ to: 'failed', because }] };
}

/** Starts a rotation with each warning, if none is under way. */
function renewal(
  { autoRenew, times }: Model,
  { rotation, list }: Credentials,
  notices: readonly Notice[],
  now: number,
): Partial<Credentials> {
  const [notice] = notices;
  if (!autoRenew || notice === undefined || rotation !== null) return {};
  if (list.some(({ state }) => state === 'pending')) return {};
  const because = notice.what === 'overdue' ? 'expired' : 'expires-soon';
  return { rotation: { because, until: now + times.proveWithinMs, issuing: null } };
}

/** Asks the device for a new key. */
export function renewOf({ events }: Model, device: string, { rotation }: Credentials): Draft {
  return events.renew(device, {
    because: rotation?.because ?? 'asked',
    until: at(rotation?.until ?? 0),
  });
}

/** What devices, brokers and operators hear of a change. */
function told(
  { events }: Model,
  device: string,
  { list }: Credentials,
  { credential, from, because }: Change,
): readonly Draft[] {
  const it = named(credential);
  if (credential.state === 'pending') return [events.admitted(device, it)];
  if (credential.state === 'active') {
    const ends = list.flatMap(({ state, until }) => (state === 'grace' ? (until ?? []) : []));
    const graceUntil = ends.length === 0 ? null : at(Math.max(...ends));
    return [events.activated(device, { ...it, graceUntil })];
  }
  if (credential.state === 'grace') return [];
  const gone = events.revoked(device, { ...it, because });
  const isFailure = from === 'pending' && (because === 'not-proved' || because === 'expired');
  return isFailure ? [gone, events.failed(device, { credential: credential.id, because })] : [gone];
}

const dayMs = 86_400_000;

function noticed({ events }: Model, { device, now }: Input, { what, credential }: Notice): Draft {
  const it = named(credential);
  if (what === 'overdue') return events.overdue(device, it);
  const daysLeft = Math.ceil(((credential.expires ?? now) - now) / dayMs);
  return events.expiring(device, { ...it, daysLeft });
}

function auditOf(model: Model, input: Input, { credential, from, because }: Change): Draft {
  return audited(model, input, { credential: credential.id, from, to: credential.state, because });
}

/** Says who did what, and when. */
export function audited(
  { events }: Model,
  { device, now, principal }: Input,
  what: Pick<Audited, 'credential' | 'from' | 'to' | 'because'>,
): Draft {
  const who = `${principal.kind}:${principal.id}`;
  return events.audited(device, {
    ...what,
    who,
    with: principal.credential ?? null,
    when: at(now),
  });
}

function timing(
  model: Model,
  device: string,
  { list, rotation }: Credentials,
): Pick<Outcome, 'timers' | 'cancel'> {
  const instants = [nextInstant(list, model.times), rotation?.until].filter(
    (one) => one !== undefined,
  );
  if (instants.length === 0) return { cancel: ['due'] };
  return { timers: [{ key: 'due', at: Math.min(...instants), event: model.due(device) }] };
}

/** Starts a rotation: the device is asked for a new key. */
export function rotating(model: Model, input: Input, because: string): Act {
  const { proveWithinMs } = model.times;
  const rotation = { because, until: input.now + proveWithinMs, issuing: null };
  return {
    state: { rotation },
    emit: [renewOf(model, input.device, { ...input.state, rotation })],
    audit: [{ to: 'rotating', because }],
  };
}

/** Whether a rotation would have something to begin from. */
export function whyNoRotation({ list, isWithdrawn }: Credentials): string | undefined {
  if (isWithdrawn) return 'withdrawn';
  return activeOf(list) === undefined ? 'no-credential' : undefined;
}
