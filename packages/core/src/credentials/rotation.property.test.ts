import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { defineApp } from '../app/define-app.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import type { Draft } from '../model/event.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation, type Moment } from '../simulate/index.ts';
import { isLive, type CredentialState } from './credential.ts';
import type { Audited, IssueRequest } from './credential-events.ts';
import { defineCredentials } from './define-credentials.ts';

const hourMs = 3_600_000;
const credentials = defineCredentials({
  type: 'c',
  graceMs: 30 * hourMs,
  proveWithinMs: 20 * hourMs,
  warnDaysBefore: [2, 1],
  autoRenew: true,
});
const app = defineApp({ source: 'urn:acme', parts: credentials.parts });
const { events, calls } = credentials;

// No function issues: the answers come as events, in any order, late, doubled, or never.
type Does =
  | 'rotate'
  | 'ask'
  | 'issued'
  | 'notIssued'
  | 'add'
  | 'prove'
  | 'revoke'
  | 'wait'
  | 'again';

const deed = fc.record({
  does: fc.constantFrom<Does>(
    ...([
      'rotate',
      'ask',
      'issued',
      'notIssued',
      'add',
      'prove',
      'prove',
      'revoke',
      'wait',
      'again',
    ] as const),
  ),
  nth: fc.nat(6),
  hours: fc.nat(40),
});

const legal: Readonly<Record<string, readonly CredentialState[]>> = {
  null: ['pending'],
  pending: ['active', 'revoked', 'expired'],
  active: ['grace', 'revoked', 'expired'],
  grace: ['active', 'revoked', 'expired'],
};

/** A world in which things go wrong with the rotation of one device. */
function world() {
  const run = simulation(app);
  let last: Moment | undefined;
  let count = 0;
  const say = (draft: Draft, principal: Principal = { kind: 'service', id: 's' }) => {
    const event: CloudEvent = {
      specversion: '1.0',
      id: `${(count += 1)}`,
      source: '/world',
      ...draft,
    };
    last = { event, principal };
    run.happen(last);
  };
  const by = (nth: number): Principal => ({ kind: 'device', id: 't1', credential: `k${nth}` });
  const expiry = (hours: number) =>
    hours > 30 ? null : new Date(run.now() + (1 + hours) * 2 * hourMs).toISOString();
  const request = (nth: number) =>
    run.published
      .filter(({ type }) => type === 'c.issue')
      .map(({ data }) => data as IssueRequest)
      .at(-1 - (nth % 3));
  const does: Readonly<Record<Does, (nth: number, hours: number) => void>> = {
    rotate: () => say(events.rotate('t1', { because: 'so' })),
    ask: (nth) => say(events.requested('t1', { csr: 'CSR' }), by(nth)),
    add: (nth, hours) =>
      say(
        events.added('t1', {
          credential: `k${nth}`,
          expires: expiry(hours),
          until: hours > 20 ? null : expiry(hours),
        }),
      ),
    prove: (nth) => say(events.proved('t1', {}), by(nth)),
    revoke: (nth) => say(events.revoke('t1', { credential: `k${nth}`, because: 'so' })),
    wait: (_, hours) => run.advanceTo(run.now() + hours * hourMs),
    again: () => void (last === undefined ? [] : run.happen(last)),
    issued(nth, hours) {
      const asked = request(hours);
      const result = { credential: `k${nth}`, expires: expiry(hours) };
      if (asked !== undefined) say(calls.issue.done('t1', { request: asked, result }));
    },
    notIssued(_, hours) {
      const asked = request(hours);
      const data = { code: 'closed', attempts: 1 };
      if (asked !== undefined) say(calls.issue.failed('t1', { request: asked, ...data }));
    },
  };
  say(events.added('t1', { credential: 'k0', expires: expiry(20), proved: true }));
  return { run, does, list: () => run.read(credentials.ref('t1')).state.list };
}

it('leaves a device exactly one active credential, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      const { run, does, list } = world();
      for (const { does: what, nth, hours } of deeds) {
        does[what](nth, hours);
        expect(list().filter(({ state }) => state === 'active')).toHaveLength(1);
      }
      run.advanceTo(run.now() + 1000 * hourMs);
      // Only one that may wait for ever is still waiting.
      const left = list().filter((one) => isLive(one) && one.until !== null);
      expect(left).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

it('tells brokers of exactly those that are to be let in, and moves none but forwards', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      const { run, does, list } = world();
      for (const { does: what, nth, hours } of deeds) does[what](nth, hours);
      const letIn = new Set<string>();
      const states = new Map<string, CredentialState>();
      for (const { type, data } of run.published) {
        const { credential, from, to, because } = data as Audited;
        if (type === 'c.admitted') letIn.add(credential as string);
        if (type === 'c.revoked') letIn.delete(credential as string);
        if (type !== 'c.audited' || credential === null || because === 'issued-too-late') continue;
        expect(states.get(credential) ?? null).toBe(from);
        expect(legal[String(from)]).toContain(to);
        states.set(credential, to as CredentialState);
      }
      const live = list().filter(isLive);
      expect([...letIn].toSorted()).toEqual(live.map(({ id }) => id).toSorted());
    }),
    { numRuns: 150 },
  );
});

it('lets nothing but a connection with the new credential itself make it the active one', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      const { run, does } = world();
      for (const { does: what, nth, hours } of deeds) does[what](nth, hours);
      for (const { type, data } of run.published) {
        const { credential, from, to, with: proof } = data as Audited;
        if (type !== 'c.audited' || to !== 'active' || from !== 'pending') continue;
        expect(credential === 'k0' || proof === credential).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});
