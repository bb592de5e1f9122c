import { isoTime } from '../app/stamp.ts';
import { eventDef, type EventType, type Incoming } from '../model/event.ts';
import {
  handlerOf,
  heardFrom,
  ownSubject,
  type Handler,
  type Outcome,
  type Part,
  type StepInput,
  type Subscription,
} from '../model/handler.ts';
import { anything } from '../model/schema.ts';
import type { Principal } from '../ports/principal.ts';
import { names } from '../ports/dead-letter-store.ts';
import {
  auditEntryType,
  commitmentTo,
  hashOf,
  noEntry,
  type AuditDetail,
  type AuditEntry,
} from './audit-entry.ts';
import { keyedHash } from './keyed-hash.ts';

/** What an audit trail keeps, and for how long. */
export interface AuditOptions {
  /** The events of which each becomes an entry. */
  readonly of: readonly EventType[];
  /** What hides subjects and salts commitments: at least 32 characters, from a secret store, the same for good. */
  readonly secret: () => string;
  /** The chain that an event belongs to; one for each home or, without one, subject when absent. Its name is in every entry, so it must not be personal. */
  readonly stream?: (event: Incoming) => string;
  /** How many details are kept for a subject, the newest; 200 when absent. Entries are kept for good. */
  readonly details?: number;
}

/** A part that keeps a chain of entries for chosen events, and what they say apart from it. */
export interface AuditTrail extends Part {
  readonly of: readonly EventType[];
  /** The chain to which the events of a partition (a home, or a subject without one) belong. */
  streamOf(partition: string): string;
  readonly chain: Handler<AuditHead>;
  readonly entries: Handler<AuditEntry | null>;
  readonly details: Handler<readonly AuditDetail[]>;
}

/** How far a chain has come. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** The event that a link of a chain is. Only an audit trail of the app says it. */
export const auditEntry = eventDef<typeof auditEntryType, AuditEntry>({
  type: auditEntryType,
  data: anything as EventType<string, AuditEntry>['data'],
  older: [],
  madeBy: 'hearth.audit',
});

const digits = 12;

/** Under which subject an entry is kept. */
export const placeOf = (stream: string, seq: number): string =>
  `${stream}/${String(seq).padStart(digits, '0')}`;

/**
 * Makes an audit trail: every event of the given types becomes a `hearth.audit.entry`, chained to the one before by its hash.
 *
 * Entries are events like others: they are published, and kept under `hearth.audit.entry/<stream>/<seq>`. They hold no subject and no
 * data but a salted commitment to them; the detail lies with its subject and is erased with it, and the chain stays whole. An event
 * that could not be entered is not done. What a handler rejects is entered, too: that it was said is what a trail is for.
 *
 * @throws {HearthError} `invalid-option`, when the first event comes, for a secret that is too short.
 */
export function auditTrail(options: AuditOptions): AuditTrail {
  const { secret, details: most = 200 } = options;
  const of = [...new Set(options.of)];
  const streamOf = (partition: string) => keyedHash(secret)('audit stream', partition);
  const stream =
    options.stream ?? ((event: Incoming) => streamOf(event.partitionkey ?? event.subject));
  const detailOf: DetailOf = (event, by) =>
    detailFor(secret, stream(event), event, speakerOf(secret, by));
  const chain = handlerOf<AuditHead>(
    ofHearth('hearth.audit', { seq: 0, hash: noEntry }),
    subscribed(of, stream, (input: Input<AuditHead>) =>
      linked(stream(input.event), input, detailOf),
    ),
  );
  const entries = handlerOf<AuditEntry | null>(ofHearth('hearth.audit.entry', null), kept());
  const details = handlerOf<readonly AuditDetail[]>(
    { ...ofHearth('hearth.audit.detail', []), forget: withoutNamed },
    subscribed(of, ownSubject, (input: Input<readonly AuditDetail[]>) =>
      noted(input, detailOf, most),
    ),
  );
  return {
    of,
    streamOf,
    chain,
    entries,
    details,
    handlers: [chain, entries, details],
    defines: [...of, auditEntry],
    makes: [chain.name],
  };
}

const ofHearth = <S>(name: string, initial: S) => ({
  name,
  state: anything,
  initial,
  trusted: true,
});

type Input<S> = StepInput<S, Incoming, unknown>;
type DetailOf = (event: Incoming, by: Principal) => AuditDetail;

/** Who spoke. A user is hidden: what they did to what is somebody else's is kept with that, and stays when they are erased. */
function speakerOf(secret: () => string, { kind, id }: Principal): string {
  return `${kind}:${kind === 'user' ? keyedHash(secret)('owner', id) : id}`;
}

function subscribed<S>(
  of: readonly EventType[],
  subjectOf: (event: Incoming) => string,
  step: (input: Input<S>) => Outcome<S>,
): ReadonlyMap<string, Subscription> {
  const known = { step: step as Subscription['step'], subjectOf, witness: true };
  return new Map(of.map((event) => [event.type, { event, ...known, ...heardFrom(event) }]));
}

function kept(): ReadonlyMap<string, Subscription> {
  const step = (({ event }: StepInput<unknown, Incoming<string, AuditEntry>, unknown>) => ({
    state: event.data,
  })) as Subscription['step'];
  const subjectOf = ({ subject, data }: Incoming) => placeOf(subject, (data as AuditEntry).seq);
  const from = ['app', 'service'] as const;
  return new Map([[auditEntryType, { event: auditEntry, step, subjectOf, from }]]);
}

function linked(
  stream: string,
  { state, event, principal, now }: Input<AuditHead>,
  detailOf: DetailOf,
): Outcome<AuditHead> {
  const { commitment } = detailOf(event, principal);
  const link = {
    seq: state.seq + 1,
    previous: state.hash,
    at: isoTime(now),
    what: event.type,
    detail: commitment,
  };
  const hash = hashOf(stream, link);
  const emit = { ...auditEntry(stream, { ...link, hash }, { partition: stream }), key: 'entry' };
  return { state: { seq: link.seq, hash }, emit };
}

function noted(
  { state, event, principal }: Input<readonly AuditDetail[]>,
  detailOf: DetailOf,
  most: number,
): Outcome<readonly AuditDetail[]> {
  const detail = detailOf(event, principal);
  return { state: [...state, detail].slice(-most) };
}

/** Details of others in which a subject is named. */
const withoutNamed = (details: readonly AuditDetail[], subject: string): readonly AuditDetail[] =>
  details.filter(({ data, by }) => !names(JSON.stringify([data, by]), subject));

/** The same for both handlers, which do not hear of each other: nothing in it but the event's. */
function detailFor(secret: () => string, stream: string, event: Incoming, by: string): AuditDetail {
  const { type: what, subject, source, id, data = null, time: at = '' } = event;
  const salt = keyedHash(secret)('audit salt', source, id);
  const detail = { stream, salt, at, what, by, data };
  return { ...detail, commitment: commitmentTo(subject, detail) };
}
