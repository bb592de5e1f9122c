import type { CloudEvent } from '../event/cloud-event.ts';
import { openHash } from './keyed-hash.ts';

/**
 * One link of an audit chain: nothing personal in it.
 *
 * `seq` counts from 1 within the stream. `previous` is the hash of the link before (43 zeros of base64url, `A`, for the first). `at` is
 * the instant, `what` the type of the event, and `detail` a commitment to what it said of whom: the same detail gives the same
 * commitment only together with a salt that is kept with the detail and goes with it.
 */
export interface AuditEntry {
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
  readonly at: string;
  readonly what: string;
  readonly detail: string;
}

/** What an entry is about. It is kept apart from the chain, and erased with its subject. */
export interface AuditDetail {
  readonly stream: string;
  readonly commitment: string;
  readonly salt: string;
  readonly at: string;
  readonly what: string;
  /** Who said it: `<kind>:<id>`, of a user a keyed hash, as `pseudonymOf` gives it. */
  readonly by: string;
  readonly data: unknown;
}

/** The type of the events that are the links of a chain. */
export const auditEntryType = 'hearth.audit.entry';

/** What the first link says of the one before it. */
export const noEntry = 'A'.repeat(43);

/** The hash of a link: of all that is in it, and of the stream. */
export function hashOf(stream: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, previous, at, what, detail } = entry;
  return openHash('hearth.audit.entry', stream, String(seq), previous, at, what, detail);
}

/** What a link says of a detail. */
export function commitmentTo(
  subject: string,
  { stream, salt, at, what, by, data }: Omit<AuditDetail, 'commitment'>,
): string {
  const text = JSON.stringify(sorted(data)) ?? '';
  return openHash('hearth.audit.detail', salt, stream, subject, at, what, by, text);
}

/** JSON with its names in order, so that a store may keep them in its own. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]));
}

/** The first thing that is wrong with a chain: at which place of the list, and what. */
export interface AuditFault {
  readonly index: number;
  readonly seq: number;
  readonly fault: 'removed' | 'changed' | 'reordered';
}

/** What a chain is verified against besides itself. */
export interface VerifyOptions {
  /** The last link that is known from elsewhere: without it, links taken off the end are not missed. */
  readonly head?: Pick<AuditEntry, 'seq' | 'hash'>;
  /** The link before the first one given, for a part of a chain. */
  readonly after?: Pick<AuditEntry, 'seq' | 'hash'>;
}

/**
 * Finds a link that was removed, changed or moved; `undefined` if there is none.
 *
 * Whoever can write all links can write all hashes anew: keep a head in another place, or let somebody else sign one now and then.
 */
export function verifyAudit(
  entries: readonly Pick<CloudEvent<string, AuditEntry>, 'subject' | 'data'>[],
  { head, after }: VerifyOptions = {},
): AuditFault | undefined {
  let before = after ?? { seq: 0, hash: noEntry };
  for (const [index, { subject = '', data }] of entries.entries()) {
    const entry = data ?? { seq: 0, previous: '', hash: '', at: '', what: '', detail: '' };
    const { seq } = entry;
    if (seq !== before.seq + 1) return { index, seq, fault: misplaced(entries, index, before.seq) };
    if (hashOf(subject, entry) !== entry.hash || entry.previous !== before.hash)
      return { index, seq, fault: 'changed' };
    before = entry;
  }
  if (head === undefined) return undefined;
  const index = entries.length;
  if (before.seq < head.seq) return { index, seq: before.seq + 1, fault: 'removed' };
  const known = entries.find(({ data }) => data?.seq === head.seq)?.data ?? before;
  return known.hash === head.hash
    ? undefined
    : { index: index - 1, seq: head.seq, fault: 'changed' };
}

/** The link that should be at a place is somewhere else, or nowhere. */
function misplaced(
  entries: readonly Pick<CloudEvent<string, AuditEntry>, 'data'>[],
  index: number,
  before: number,
): AuditFault['fault'] {
  const isThere = entries.some(({ data }, at) => at !== index && data?.seq === before + 1);
  return isThere ? 'reordered' : 'removed';
}
