import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import { erase } from '../app/read.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent } from '../model/event.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import { hashOf, verifyAudit, type AuditEntry } from './audit-entry.ts';
import { auditTrail } from './audit-trail.ts';
import { auditDetails, headOf, isDetailOf, readAudit, verifyKeptAudit } from './read-audit.ts';

const lock = defineDevice({
  type: 'lock',
  state: z.object({ isOpen: z.boolean() }),
  initial: { isOpen: false },
  reports: {
    opened: { data: z.object({ by: z.string() }), apply: (_, set) => set({ isOpen: true }) },
  },
});
const ignored = defineEvent('ignored', z.object({}));
const secret = () => 'a secret of thirty-two characters';
const trail = auditTrail({ of: [lock.events.opened], secret });
const app = defineApp({ source: 'urn:acme', parts: [lock, trail, ignored] });
const stream = trail.streamOf('l1');

let store = memoryStore();
let publisher = memoryPublisher();

beforeEach(() => {
  store = memoryStore();
  publisher = memoryPublisher();
});

const clock = {
  now: () => 0,
  sleep: async () => {},
  within: () => Promise.reject(new Error('no')),
};
const runtimeOf = (): Runtime => ({ store, publisher, clock, sweep: true });

async function open(id: string, by: string, as = 'l1', kind: Principal['kind'] = 'device') {
  const { type, subject, data } = lock.events.opened('l1', { by });
  const event: CloudEvent = { specversion: '1.0', id, source: 'urn:l1', type, subject, data };
  const principal = { kind, id: as } as const;
  const runtime = kind === 'user' ? { ...runtimeOf(), speaksFor: () => true } : runtimeOf();
  return (await handle(app, [{ event, principal, attempt: 1 }], runtime))[0];
}

async function chain(): Promise<CloudEvent<string, AuditEntry>[]> {
  const entries: CloudEvent<string, AuditEntry>[] = [];
  for await (const entry of readAudit(trail, runtimeOf(), stream)) entries.push(entry);
  return entries;
}

describe('an audit trail', () => {
  it('enters what a device says about itself, once, and publishes the entry', async () => {
    expect(await open('1', 'Ada')).toMatchObject({ verdict: 'done' });
    await open('1', 'Ada');
    const entries = await chain();
    expect(entries.map(({ data }) => [data?.seq, data?.what])).toEqual([[1, 'lock.opened']]);
    const out = publisher.published.filter(({ event }) => event.type === 'hearth.audit.entry');
    expect(out.map(({ event }) => event.data)).toEqual([entries[0]?.data]);
  });

  it('enters nothing that may not be said', async () => {
    expect(await open('1', 'Ada', 'other')).toMatchObject({ code: 'not-permitted' });
    expect(await chain()).toEqual([]);
  });

  it('names nobody in the chain, and keeps apart what it has committed to', async () => {
    await open('1', 'Ada');
    const [entry] = await chain();
    const details = await auditDetails(trail, runtimeOf(), 'l1');
    expect(JSON.stringify(entry)).not.toMatch(/Ada|l1/);
    expect(details).toMatchObject([{ by: 'device:l1', data: { by: 'Ada' } }]);
    const [detail] = details;
    if (entry?.data === undefined || detail === undefined) throw new Error('There is none.');
    expect(isDetailOf(entry.data, 'l1', detail)).toBe(true);
    expect(isDetailOf(entry.data, 'l1', { ...detail, data: { by: 'Bob' } })).toBe(false);
  });

  it('does not say by name which user it was', async () => {
    await open('1', 'somebody', 'ada@x.org', 'user');
    const [detail] = await auditDetails(trail, runtimeOf(), 'l1');
    expect(detail?.by).toMatch(/^user:[a-z2-7]{32}$/);
  });

  it('stays whole when a subject is erased with what was entered of it', async () => {
    for (const id of ['1', '2', '3']) await open(id, 'Ada');
    await erase(runtimeOf(), trail.details.ref('l1'));
    expect(await auditDetails(trail, runtimeOf(), 'l1')).toEqual([]);
    expect(await verifyKeptAudit(trail, runtimeOf(), stream)).toBeUndefined();
    expect((await headOf(trail, runtimeOf(), stream)).seq).toBe(3);
  });

  it('keeps no more details of a subject than it was told to', async () => {
    const short = auditTrail({ of: [lock.events.opened], secret, details: 2 });
    const small = defineApp({ source: 'urn:acme', parts: [lock, short] });
    const event = (id: string): CloudEvent => ({
      specversion: '1.0',
      id,
      source: 'urn:l1',
      ...lock.events.opened('l1', { by: id }),
    });
    const inputs = ['1', '2', '3'].map((id) => ({
      event: event(id),
      principal: { kind: 'device', id: 'l1' } as const,
    }));
    await handle(small, inputs, runtimeOf());
    const kept = await auditDetails(short, runtimeOf(), 'l1');
    expect(kept.map(({ data }) => data)).toEqual([{ by: '2' }, { by: '3' }]);
  });
});

describe('verifyAudit', () => {
  const grown = async () => {
    for (const id of ['1', '2', '3', '4']) await open(id, 'Ada');
    return chain();
  };
  type Entries = Awaited<ReturnType<typeof chain>>;
  const changed = (entries: Entries, at: number, change: Partial<AuditEntry>): Entries =>
    entries.map((one, index) =>
      index === at ? { ...one, data: { ...(one.data as AuditEntry), ...change } } : one,
    );

  it('finds nothing wrong with a whole chain, or a part of one', async () => {
    const entries = await grown();
    const head = await headOf(trail, runtimeOf(), stream);
    expect(verifyAudit(entries, { head })).toBeUndefined();
    const [, second] = entries;
    if (second?.data === undefined) throw new Error('There is none.');
    expect(verifyAudit(entries.slice(2), { after: second.data, head })).toBeUndefined();
  });

  it('finds a link that was taken out, off the beginning or off the end', async () => {
    const entries = await grown();
    const head = await headOf(trail, runtimeOf(), stream);
    expect(verifyAudit(entries.toSpliced(1, 1))).toEqual({ index: 1, seq: 3, fault: 'removed' });
    expect(verifyAudit(entries.slice(1))).toEqual({ index: 0, seq: 2, fault: 'removed' });
    expect(verifyAudit(entries.slice(0, 3), { head })).toEqual({
      index: 3,
      seq: 4,
      fault: 'removed',
    });
    expect(verifyAudit([], { head })).toEqual({ index: 0, seq: 1, fault: 'removed' });
  });

  it('finds a link that was changed, also with a new hash of its own', async () => {
    const entries = await grown();
    for (const change of [
      { what: 'x' },
      { at: 'x' },
      { detail: 'x' },
      { previous: 'x' },
      { hash: 'x' },
    ])
      expect(verifyAudit(changed(entries, 1, change))).toMatchObject({ fault: 'changed' });
    const forged = { ...(entries[1]?.data as AuditEntry), what: 'x' };
    const hash = hashOf(stream, forged);
    const rest = changed(entries, 1, { ...forged, hash });
    expect(verifyAudit(rest)).toEqual({ index: 2, seq: 3, fault: 'changed' });
    expect(verifyAudit(entries.map((one) => ({ ...one, subject: 'other' })))).toMatchObject({
      fault: 'changed',
    });
  });

  it('finds links that changed places, and one that was doubled', async () => {
    const entries = await grown();
    const [a, b, c, d] = entries as [Entries[0], Entries[0], Entries[0], Entries[0]];
    expect(verifyAudit([a, c, b, d])).toEqual({ index: 1, seq: 3, fault: 'reordered' });
    expect(verifyAudit([a, b, b, c])).toMatchObject({ index: 2, seq: 2 });
  });

  it('finds a chain that was written anew, by a head that was kept elsewhere', async () => {
    await grown();
    const head = await headOf(trail, runtimeOf(), stream);
    store = memoryStore();
    for (const id of ['1', '2', '3', '5']) await open(id, 'Eve');
    expect(await verifyKeptAudit(trail, runtimeOf(), stream)).toBeUndefined();
    expect(await verifyKeptAudit(trail, runtimeOf(), stream, head)).toMatchObject({
      fault: 'changed',
    });
  });

  it('takes what is no entry for a fault, and not for the end of the chain', () => {
    const bare = { subject: stream };
    expect(verifyAudit([bare])).toMatchObject({ index: 0 });
  });
});
