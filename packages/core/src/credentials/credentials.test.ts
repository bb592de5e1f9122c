import { describe, expect, it } from 'vitest';
import { defineApp } from '../app/define-app.ts';
import type { Draft } from '../model/event.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { defineCredentials, type CredentialsOptions } from './define-credentials.ts';

const dayMs = 86_400_000;
const at = (ms: number) => new Date(ms).toISOString();
const service: Principal = { kind: 'service', id: 'factory' };
const by = (credential?: string): Principal => ({
  kind: 'device',
  id: 't1',
  ...(credential === undefined ? {} : { credential }),
});

/** A device whose credential `k1` is in use; what is issued to it is called `k2`, `k3` and so on. */
function start(options: CredentialsOptions<'c'> & { readonly fails?: boolean } = {}) {
  const { fails = false, ...rest } = options;
  const credentials = defineCredentials({ type: 'c', ...rest });
  let nth = 1;
  const run = simulation(defineApp({ source: 'urn:acme', parts: credentials.parts }), {
    calls: {
      'c.issue': () => {
        if (fails) throw new Error('The authority is closed.');
        return {
          credential: `k${(nth += 1)}`,
          expires: at(run.now() + 365 * dayMs),
          certificate: 'PEM',
        };
      },
    },
  });
  const { events } = credentials;
  const say = (event: Draft, principal: Principal = service) => run.happen({ event, principal })[0];
  const list = () => run.read(credentials.ref('t1')).state.list;
  const states = () => Object.fromEntries(list().map(({ id, state }) => [id, state]));
  const told = (name: string) =>
    run.published.flatMap(({ type, data }) => (type === `c.${name}` ? [data] : []));
  const given = (expires: string | null = null) =>
    say(events.added('t1', { credential: 'k1', expires, proved: true }));
  const ask = (credential?: string) => say(events.requested('t1', { csr: 'CSR' }), by(credential));
  const prove = (credential?: string) => say(events.proved('t1', {}), by(credential));
  const rotate = () => say(events.rotate('t1', { because: 'monthly' }));
  return { credentials, events, run, say, states, told, given, ask, prove, rotate };
}

describe('a rotation', () => {
  it('asks the device, issues, waits for the proof, and ends the old one after its grace', () => {
    const { run, given, rotate, ask, prove, states, told } = start();
    given();
    rotate();
    expect(told('renew')).toEqual([{ because: 'monthly', until: at(dayMs) }]);
    ask('k1');
    expect(states()).toEqual({ k1: 'active', k2: 'pending' });
    expect(told('issued')).toMatchObject([
      { credential: 'k2', certificate: 'PEM', until: at(dayMs) },
    ]);
    run.advanceTo(1000);
    expect(prove('k2')).toMatchObject({ reply: { credential: 'k2', state: 'active' } });
    expect(states()).toEqual({ k1: 'grace', k2: 'active' });
    expect(told('activated').at(-1)).toMatchObject({
      credential: 'k2',
      graceUntil: at(1000 + 7 * dayMs),
    });
    run.advanceTo(1000 + 7 * dayMs - 1);
    expect(states()).toEqual({ k1: 'grace', k2: 'active' });
    run.advanceTo(1000 + 7 * dayMs);
    expect(states()).toEqual({ k1: 'revoked', k2: 'active' });
    expect(told('revoked')).toEqual([{ credential: 'k1', expires: null, because: 'grace-over' }]);
  });

  it('lets brokers know whom to let in before the device is told, and audits each change', () => {
    const { given, rotate, ask, prove, run, told } = start({ graceMs: 0 });
    given();
    rotate();
    ask('k1');
    prove('k2');
    const types = run.published.map(({ type }) => type);
    expect(types.indexOf('c.admitted')).toBeLessThan(types.indexOf('c.activated'));
    expect(told('admitted')).toMatchObject([{ credential: 'k1' }, { credential: 'k2' }]);
    expect(told('audited').slice(2)).toMatchObject([
      { credential: null, to: 'rotating', who: 'service:factory', because: 'monthly' },
      { credential: null, to: 'requested', who: 'device:t1', with: 'k1' },
      { credential: 'k2', from: null, to: 'pending', who: 'app:urn:acme' },
      {
        credential: 'k2',
        from: 'pending',
        to: 'active',
        who: 'device:t1',
        with: 'k2',
        when: at(0),
      },
      { credential: 'k1', from: 'active', to: 'revoked', because: 'replaced' },
    ]);
  });

  it('is not finished by the old credential, by an unknown one, or by a channel that tells none', () => {
    const { given, rotate, ask, prove, states } = start();
    given();
    rotate();
    ask('k1');
    expect(prove('k1')).toMatchObject({ verdict: 'done', reply: { state: 'active' } });
    expect(prove('k9')).toMatchObject({ verdict: 'rejected', code: 'unknown-credential' });
    expect(prove()).toMatchObject({ verdict: 'rejected', code: 'no-proof' });
    expect(states()).toEqual({ k1: 'active', k2: 'pending' });
  });

  it('leaves the old credential as it is when the new one is never proved', () => {
    const { given, rotate, ask, prove, run, states, told } = start();
    given();
    rotate();
    ask('k1');
    run.advanceTo(dayMs);
    expect(states()).toEqual({ k1: 'active', k2: 'revoked' });
    expect(told('failed')).toEqual([{ credential: 'k2', because: 'not-proved' }]);
    expect(prove('k2')).toMatchObject({ code: 'credential-revoked' });
    expect(states()).toEqual({ k1: 'active', k2: 'revoked' });
  });

  it.each([
    ['the device does not ask', false, 'not-requested'],
    ['nothing is issued', true, 'not-issued'],
  ])('leaves the old credential as it is when %s', (_, asks, because) => {
    const { given, rotate, ask, run, states, told, credentials } = start({ fails: true });
    given();
    rotate();
    if (asks) ask('k1');
    run.advanceTo(2 * dayMs);
    expect(told('failed')).toEqual([{ credential: null, because }]);
    expect(states()).toEqual({ k1: 'active' });
    expect(run.read(credentials.ref('t1')).state.rotation).toBeNull();
    expect(rotate()).toMatchObject({ verdict: 'done' });
  });

  it('begins again for a device that has lost the key it was issued', () => {
    const { given, rotate, ask, prove, states } = start();
    given();
    rotate();
    ask('k1');
    ask('k1');
    expect(states()).toEqual({ k1: 'active', k2: 'revoked', k3: 'pending' });
    prove('k3');
    expect(states()).toEqual({ k1: 'grace', k2: 'revoked', k3: 'active' });
  });

  it('is offered again to a device that comes back with its old key in the grace', () => {
    const { given, rotate, ask, prove, told, states } = start();
    given();
    rotate();
    ask('k1');
    prove('k2');
    expect(prove('k1')).toMatchObject({ reply: { credential: 'k1', state: 'grace' } });
    expect(told('renew').at(-1)).toMatchObject({ because: 'fell-back' });
    ask('k1');
    prove('k3');
    expect(states()).toEqual({ k1: 'grace', k2: 'grace', k3: 'active' });
  });

  it('is not asked for by a credential that is over, and not by one that is unproved', () => {
    const { given, rotate, ask, prove, run } = start();
    given();
    rotate();
    ask('k1');
    expect(ask('k2')).toMatchObject({ code: 'credential-pending' });
    prove('k2');
    run.advanceTo(8 * dayMs);
    expect(ask('k1')).toMatchObject({ code: 'credential-revoked' });
  });

  it('needs a credential to begin from', () => {
    const { rotate, ask } = start();
    expect([rotate()?.code, ask()?.code]).toEqual(['no-credential', 'no-credential']);
  });

  it('can be refused by the template', () => {
    const { given, ask } = start({ template: () => undefined });
    given();
    expect(ask('k1')).toMatchObject({ code: 'not-permitted' });
  });

  it('revokes what is issued after it was given up', () => {
    const { given, say, credentials, told, states } = start();
    given();
    const request = { device: 't1', csr: 'CSR', template: {}, attempt: '/old 1' };
    const result = { credential: 'late', expires: null };
    say(credentials.calls.issue.done('t1', { request, result }));
    expect(told('revoked')).toEqual([
      { credential: 'late', expires: null, because: 'issued-too-late' },
    ]);
    expect(states()).toEqual({ k1: 'active' });
  });
});

describe('revoking', () => {
  it('never takes the last credential, and says so', () => {
    const { given, say, events, states } = start();
    given();
    const revoke = events.revoke('t1', { credential: 'k1', because: 'stolen' });
    expect(say(revoke)).toMatchObject({ verdict: 'rejected', code: 'last-credential' });
    expect(states()).toEqual({ k1: 'active' });
  });

  it('of the new credential brings back the old one while it has grace', () => {
    const { given, rotate, ask, prove, say, events, states } = start();
    given();
    rotate();
    ask('k1');
    prove('k2');
    say(events.revoke('t1', { credential: 'k2', because: 'leaked' }));
    expect(states()).toEqual({ k1: 'active', k2: 'revoked' });
  });

  it('of everything is a decision of its own: the device is withdrawn', () => {
    const { given, ask, say, events, states, rotate } = start();
    given();
    ask('k1');
    say(events.withdraw('t1', { because: 'sold' }));
    expect(states()).toEqual({ k1: 'revoked', k2: 'revoked' });
    const more = events.added('t1', { credential: 'k9' });
    expect([say(more)?.code, rotate()?.code]).toEqual(['withdrawn', 'withdrawn']);
  });

  it.each(['added', 'rotate', 'revoke', 'withdraw', 'expect', 'issued', 'activated', 'audited'])(
    'and whatever else services decide is not said by a device: %s',
    (name) => {
      const { run, given, states } = start();
      given();
      const event = {
        specversion: '1.0',
        id: '1',
        source: '/t1',
        type: `c.${name}`,
        subject: 't1',
        data: { credential: 'mallory', because: 'so', proofKey: 'k', proved: true },
      } as const;
      const [handled] = run.happen({ event, principal: by('k1') });
      expect(handled?.verdict).toBe('rejected');
      expect(states()).toEqual({ k1: 'active' });
    },
  );

  it('and proving is not done by one device for another', () => {
    const { given, ask, say, events, states } = start();
    given();
    ask('k1');
    const mallory = { kind: 'device', id: 't2', credential: 'k2' } as const;
    expect(say(events.proved('t1', {}), mallory)).toMatchObject({ code: 'not-permitted' });
    expect(say(events.requested('t1', { csr: 'x' }), mallory)).toMatchObject({
      code: 'not-permitted',
    });
    expect(states()).toEqual({ k1: 'active', k2: 'pending' });
  });
});

describe('the watch over expiry', () => {
  it('warns 30, 7 and 1 days ahead, once each, and tells when it is too late', () => {
    const { run, given, told, states } = start();
    given(at(100 * dayMs));
    run.advanceTo(70 * dayMs - 1);
    expect(told('expiring')).toEqual([]);
    run.advanceTo(200 * dayMs);
    expect(told('expiring')).toMatchObject([{ daysLeft: 30 }, { daysLeft: 7 }, { daysLeft: 1 }]);
    expect(told('overdue')).toEqual([{ credential: 'k1', expires: at(100 * dayMs) }]);
    expect(states()).toEqual({ k1: 'active' });
  });

  it('gives only the last of the warnings that are due at once', () => {
    const { given, told } = start();
    given(at(5 * dayMs));
    expect(told('expiring')).toMatchObject([{ credential: 'k1', daysLeft: 5 }]);
  });

  it('starts a rotation with each warning, where asked to', () => {
    const { run, given, told, ask, prove } = start({ autoRenew: true, warnDaysBefore: [7] });
    given(at(100 * dayMs));
    run.advanceTo(93 * dayMs);
    expect(told('renew')).toMatchObject([{ because: 'expires-soon' }]);
    ask('k1');
    prove('k2');
    run.advanceTo(200 * dayMs);
    expect(told('renew')).toHaveLength(1);
  });

  it('goes back to an older key that is still good rather than to none', () => {
    const { run, given, say, events, prove, states } = start();
    given();
    say(events.added('t1', { credential: 'short', expires: at(2 * dayMs) }));
    prove('short');
    run.advanceTo(3 * dayMs);
    expect(states()).toEqual({ k1: 'active', short: 'expired' });
  });

  it('lets operators find devices by their rotation and the month of their expiry', () => {
    const { given, rotate, run } = start();
    given('2027-03-01T00:00:00Z');
    const find = (tag: string, value: string) =>
      run.store.now.query({ handler: 'c', tag, value, limit: 10 }).keys;
    expect(find('expires', '2027-03')).toEqual(['c/t1']);
    expect(find('rotation', 'steady')).toEqual(['c/t1']);
    rotate();
    expect(find('rotation', 'rotating')).toEqual(['c/t1']);
  });
});

describe('bad input', () => {
  it.each([
    ['added', { credential: '' }],
    ['added', { credential: 'a\nuser root' }],
    ['added', { credential: 'x'.repeat(257) }],
    ['added', { credential: 'a', expires: 'soon' }],
    ['added', { credential: 'a', expires: '0000-01-01T00:00:00+14:00' }],
    ['added', { credential: 'a', until: '9999-12-31T23:59:59-14:00' }],
    ['added', { credential: 'a', more: 1 }],
    ['rotate', {}],
    ['requested', { csr: 7 }],
    ['requested', null],
    ['revoke', { credential: 'a' }],
  ])('of %s is refused: %j', (name, data) => {
    const { run } = start();
    const event = {
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: `c.${name}`,
      subject: 't1',
      data,
    } as const;
    const principal = name === 'requested' ? by() : service;
    expect(run.happen({ event, principal })[0]).toMatchObject({ code: 'invalid-data' });
  });

  it.each([
    { graceMs: -1 },
    { proveWithinMs: 0 },
    { warnDaysBefore: [0] },
    { answerWithinMs: Number.NaN },
  ])('of the definition is refused: %j', (options) => {
    expect(() => defineCredentials(options)).toThrow('must be whole milliseconds');
  });
});
