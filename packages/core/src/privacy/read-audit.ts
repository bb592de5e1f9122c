import { isHearthError } from '../event/error.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { drive, load } from '../app/effect.ts';
import { read } from '../app/read.ts';
import { keyOf, readRecord } from '../app/record.ts';
import type { Runtime } from '../ports/runtime.ts';
import {
  auditEntryType,
  commitmentTo,
  verifyAudit,
  type AuditDetail,
  type AuditEntry,
  type AuditFault,
} from './audit-entry.ts';
import { placeOf, type AuditHead, type AuditTrail } from './audit-trail.ts';

const pageSize = 100;

/**
 * Gives the entries of a chain in their order, as CloudEvents with the chain as subject; `from` is the first `seq`, 1 when absent.
 *
 * @throws {HearthError} `store-unavailable`.
 */
export async function* readAudit(
  trail: AuditTrail,
  runtime: Runtime,
  stream: string,
  { from = 1 }: { readonly from?: number } = {},
): AsyncGenerator<CloudEvent<typeof auditEntryType, AuditEntry>> {
  const { entries } = trail;
  for (let seq = from; ; seq += pageSize) {
    const { seq: last } = await headOf(trail, runtime, stream);
    const wanted = Array.from(
      { length: Math.max(0, Math.min(pageSize, last - seq + 1)) },
      (_, at) => placeOf(stream, seq + at),
    );
    if (wanted.length === 0) return;
    const stored = await drive(load(wanted.map((place) => keyOf(entries, place))), runtime);
    if (isHearthError(stored)) throw stored;
    for (const [at, place] of wanted.entries()) {
      const entry = readRecord(entries, place, stored[at]).state as AuditEntry | null;
      if (entry !== null) yield eventOf(stream, entry);
    }
  }
}

function eventOf(stream: string, data: AuditEntry): CloudEvent<typeof auditEntryType, AuditEntry> {
  return {
    specversion: '1.0',
    id: data.hash,
    source: `urn:hearth:audit:${stream}`,
    type: auditEntryType,
    subject: stream,
    time: data.at,
    data,
  };
}

/** How far a chain has come: what to write down somewhere else now and then. */
export async function headOf(
  { chain }: AuditTrail,
  runtime: Pick<Runtime, 'store'>,
  stream: string,
): Promise<AuditHead> {
  return (await read(runtime, chain.ref(stream))).state;
}

/** Verifies a whole chain as it is kept, against its head and, if given, one that was kept elsewhere. */
export async function verifyKeptAudit(
  trail: AuditTrail,
  runtime: Runtime,
  stream: string,
  known?: AuditHead,
): Promise<AuditFault | undefined> {
  const entries = [];
  const head = await headOf(trail, runtime, stream);
  for await (const entry of readAudit(trail, runtime, stream)) entries.push(entry);
  return (
    verifyAudit(entries.slice(0, head.seq), { head }) ??
    (known === undefined ? undefined : verifyAudit(entries, { head: known }))
  );
}

/** What is kept of a subject's audited events, oldest first; nothing once it is erased. */
export async function auditDetails(
  { details }: AuditTrail,
  runtime: Pick<Runtime, 'store'>,
  subject: string,
): Promise<readonly AuditDetail[]> {
  const look = await read(runtime, details.ref(subject));
  return look.erased ? [] : look.state;
}

/** Whether a detail is what an entry has committed to. */
export function isDetailOf(
  entry: Pick<AuditEntry, 'detail'>,
  subject: string,
  detail: AuditDetail,
): boolean {
  return entry.detail === commitmentTo(subject, detail);
}
