import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defineApp } from '../app/define-app.ts';
import type { Draft } from '../model/event.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { claimText } from './claim-steps.ts';
import type { Answer, IssueRequest, VerifyRequest } from './credential-events.ts';
import { defineCredentials } from './define-credentials.ts';

const credentials = defineCredentials({
  type: 'c',
  template: ({ device, template, parameters }) =>
    template === 'forbidden' ? undefined : { commonName: device, template, ...parameters },
});
const { events } = credentials;
const app = defineApp({ source: 'urn:acme', parts: credentials.parts });

const key = generateKeyPairSync('ed25519');
const stolen = generateKeyPairSync('ed25519');
const proofKey = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const batch: Principal = { kind: 'device', id: 'batch-7', credential: 'bootstrap' };

/** A device `t1` that is expected, and a bootstrap identity that a whole batch of devices shares. */
function start(template?: string) {
  const requests: IssueRequest[] = [];
  let nonces = 0;
  const run = simulation(app, {
    calls: {
      'c.challenge': () => ({ nonce: `nonce-${(nonces += 1)}` }),
      'c.verify': ({ signature, proofKey: pem, ...answer }: VerifyRequest) => ({
        valid: verify(null, Buffer.from(claimText(answer)), pem, Buffer.from(signature, 'base64')),
      }),
      'c.issue': (request: IssueRequest) => {
        requests.push(request);
        return {
          credential: createHash('sha256').update(request.csr).digest('hex'),
          expires: null,
        };
      },
    },
  });
  /** Says something, and gives the code of the refusal: its own, or that of what it led to, which is a dead letter. */
  const say = (event: Draft, principal: Principal = batch) => {
    const before = run.deadLetters.length;
    const [handled] = run.happen({ event, principal });
    const letter = run.deadLetters[before]?.data as { readonly code: string } | undefined;
    return handled?.code ?? letter?.code ?? handled?.verdict;
  };
  const told = (name: string): readonly Readonly<Record<string, unknown>>[] =>
    run.published.flatMap(({ type, subject, data }) =>
      type === `c.${name}` ? [{ subject, ...(data as object) }] : [],
    );
  const expectIt = () =>
    say(
      events.expect('t1', {
        proofKey,
        parameters: { model: 'lamp' },
        ...(template === undefined ? {} : { template }),
      }),
      { kind: 'service', id: 'factory' },
    );
  const claim = (principal = batch) => say(events.claim(principal.id, { device: 't1' }), principal);
  const nonce = () => String(told('challenged').at(-1)?.['nonce']);
  const answer = (change: Partial<Answer> = {}, by = key.privateKey, principal = batch) => {
    const said = { device: 't1', nonce: nonce(), csr: 'CSR', ...change };
    const signed = { ...said, csr: 'CSR', device: 't1' };
    const signature = sign(null, Buffer.from(claimText(signed)), by).toString('base64');
    return say(events.answer(principal.id, { signature, ...said }), principal);
  };
  const state = () => run.read(credentials.ref('t1')).state;
  return { run, say, told, expectIt, claim, nonce, answer, state, requests };
}

describe('a claim', () => {
  it('leads from the bootstrap identity by a signed nonce to the first credential', () => {
    const { expectIt, claim, answer, told, state, requests, say } = start('lamps');
    expectIt();
    claim();
    expect(told('challenged')).toMatchObject([{ subject: 't1', nonce: 'nonce-1', by: 'batch-7' }]);
    answer();
    expect(requests).toMatchObject([
      {
        device: 't1',
        csr: 'CSR',
        template: { commonName: 't1', template: 'lamps', model: 'lamp' },
      },
    ]);
    const [issued] = told('issued');
    expect(issued).toMatchObject({ subject: 't1' });
    const credential = String(issued?.['credential']);
    expect(state().list).toMatchObject([{ id: credential, state: 'pending' }]);
    say(events.proved('t1', {}), { kind: 'device', id: 't1', credential });
    expect(state()).toMatchObject({ list: [{ state: 'active' }], claim: null });
  });

  it('is refused for a device that nobody expects, and for one that is in already', () => {
    const { expectIt, claim, answer, told, say, run } = start();
    expect(claim()).toBe('not-expected');
    expectIt();
    claim();
    answer();
    const credential = String(told('issued')[0]?.['credential']);
    say(events.proved('t1', {}), { kind: 'device', id: 't1', credential });
    expect(claim()).toBe('not-expected');
    expect(expectIt()).toBe('has-credential');
    expect(run.deadLetters).toHaveLength(3);
  });

  it.each([
    ['signed by another key', {}, stolen.privateKey],
    ['for another key than was signed', { csr: 'CSR of mallory' }, key.privateKey],
  ])('is refused when the answer is %s', (_, change, by) => {
    const { expectIt, claim, answer, told, requests } = start();
    expectIt();
    claim();
    answer(change, by);
    expect(requests).toEqual([]);
    expect(told('failed')).toMatchObject([{ because: 'wrong-signature' }]);
    expect(told('audited').at(-1)).toMatchObject({ to: 'refused', who: 'app:urn:acme' });
  });

  it('takes a nonce once, and not after its time', () => {
    const { expectIt, claim, answer, nonce, run } = start();
    expectIt();
    claim();
    answer({}, stolen.privateKey);
    const used = nonce();
    expect(answer({ nonce: used })).toBe('no-challenge');
    claim();
    expect(nonce()).toBe('nonce-2');
    run.advanceTo(300_000);
    expect(answer()).toBe('no-challenge');
  });

  it('gives the same nonce to who asks again, and none to somebody else meanwhile', () => {
    const { expectIt, claim, told, answer } = start();
    const other: Principal = { kind: 'device', id: 'batch-8', credential: 'bootstrap' };
    expectIt();
    claim();
    claim();
    expect(told('challenged')).toMatchObject([{ nonce: 'nonce-1' }, { nonce: 'nonce-1' }]);
    expect(claim(other)).toBe('claim-under-way');
    expect(answer({}, key.privateKey, other)).toBe('no-challenge');
  });

  it('stops who guesses, until a service expects the device again', () => {
    const { expectIt, claim, answer } = start();
    expectIt();
    for (let i = 0; i < 5; i += 1) {
      expect(claim()).toBe('done');
      answer({}, stolen.privateKey);
    }
    expect(claim()).toBe('claim-blocked');
    expectIt();
    expect(claim()).toBe('done');
  });

  it('is not begun again while the answer is being checked or a credential is made', () => {
    const run = simulation(app, { calls: { 'c.challenge': () => ({ nonce: 'n' }) } });
    const say = (event: Draft, principal = batch) => run.happen({ event, principal });
    const claim = events.claim('batch-7', { device: 't1' });
    say(events.expect('t1', { proofKey }), { kind: 'service', id: 'factory' });
    say(claim);
    const answer = { device: 't1', nonce: 'n', signature: 's', csr: 'CSR' };
    say(events.answer('batch-7', answer));
    say(claim);
    const codes = run.deadLetters.map(({ data }) => (data as { readonly code: string }).code);
    expect(codes).toEqual(['claim-under-way']);
    // Nobody has checked it in time: the device may begin again.
    run.advanceTo(300_000);
    say(claim);
    expect(run.deadLetters).toHaveLength(1);
  });

  it('can be refused by the template', () => {
    const { expectIt, claim, answer, requests, told } = start('forbidden');
    expectIt();
    claim();
    answer();
    expect([requests, told('failed')]).toMatchObject([[], [{ because: 'not-permitted' }]]);
  });

  it('can be made again when the first credential was never proved', () => {
    const { expectIt, claim, answer, run, state } = start();
    expectIt();
    claim();
    answer();
    run.advanceTo(2 * 86_400_000);
    expect(state().list).toMatchObject([{ state: 'revoked' }]);
    claim();
    answer({ csr: 'CSR' });
    // The same key gives the same credential, which is over.
    expect(state().list).toMatchObject([{ state: 'revoked' }]);
  });

  it('lets a bootstrap identity speak for no device', () => {
    const { expectIt, say } = start();
    expectIt();
    expect(say(events.claim('t1', { device: 't1' }))).toBe('not-permitted');
    expect(say(events.proved('t1', {}))).toBe('not-permitted');
    expect(say(events.requested('t1', { csr: 'x' }))).toBe('not-permitted');
  });
});
