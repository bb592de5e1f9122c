import { defineApp, type Principal } from '@hearth/core';
import { defineCredentials } from '@hearth/core/credentials';
import { describe, it } from 'vitest';
import { specify } from './specify.ts';

const dayMs = 86_400_000;
const credentials = defineCredentials();
const { events } = credentials;
const app = defineApp({ source: 'urn:acme', parts: credentials.parts });
const by = (credential: string): Principal => ({ kind: 'device', id: 't1', credential });
const issue = { 'hearth.credentials.issue': () => ({ credential: 'k2', expires: null }) };
const begun = () =>
  specify(app)
    .calls(issue)
    .given(events.added('t1', { credential: 'k1', proved: true }))
    .when(events.rotate('t1', { because: 'monthly' }))
    .as(by('k1'))
    .when(events.requested('t1', { csr: 'CSR' }));

describe('the rotation of a credential ends the same', () => {
  it('when it is proved', () =>
    begun()
      .as(by('k2'))
      .when(events.proved('t1', {}))
      .after(8 * dayMs)
      .leaves(credentials, 't1', {
        list: [
          {
            id: 'k1',
            state: 'revoked',
            expires: null,
            since: 7 * dayMs,
            until: null,
            warned: null,
          },
          { id: 'k2', state: 'active', expires: null, since: 0, until: null, warned: null },
        ],
      })
      .whateverHappens({ budget: 4000 }));

  it('when it is not', () =>
    begun()
      .after(8 * dayMs)
      .leaves(credentials, 't1', {
        rotation: null,
        list: [
          { id: 'k1', state: 'active', expires: null, since: 0, until: null, warned: null },
          { id: 'k2', state: 'revoked', expires: null, since: dayMs, until: null, warned: null },
        ],
      })
      .whateverHappens({ budget: 4000 }));
});

describe('a claim ends the same', () => {
  it('when the signature is right', () => {
    const batch: Principal = { kind: 'device', id: 'batch-7', credential: 'bootstrap' };
    const answer = { device: 't1', nonce: 'n', signature: 's', csr: 'CSR' };
    return specify(app)
      .calls({
        ...issue,
        'hearth.credentials.challenge': () => ({ nonce: 'n' }),
        'hearth.credentials.verify': () => ({ valid: true }),
      })
      .given(events.expect('t1', { proofKey: 'key' }))
      .as(batch)
      .when(events.claim('batch-7', { device: 't1' }))
      .when(events.answer('batch-7', answer))
      .as(by('k2'))
      .when(events.proved('t1', {}))
      .leaves(credentials, 't1', { claim: null, isWithdrawn: false })
      .whateverHappens({ budget: 4000 });
  });
});
