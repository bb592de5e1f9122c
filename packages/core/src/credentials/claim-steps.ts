import type { Done, Failed } from '../model/call.ts';
import type { Outcome } from '../model/handler.ts';
import { activeOf, type Claim, type Credentials } from './credential.ts';
import type { Answer, Challenge, Datas, Expected, VerifyRequest } from './credential-events.ts';
import { attemptOf } from './rotation-steps.ts';
import { at, no, nothing, settle, type Input, type Model } from './settle.ts';

type Out = Outcome<Credentials>;

// A signature of a real device is never wrong; somebody who guesses is stopped until a service expects the device again.
const mostFailures = 5;

/**
 * Gives the text that a device signs when it answers a challenge: it binds its name and its new key to the nonce, so that nobody who
 * listens can put a key of his own in its place. Sign its UTF-8 bytes.
 */
export function claimText({ device, nonce, csr }: Omit<Answer, 'signature'>): string {
  return ['hearth-claim', device, nonce, csr].map((part) => `${part.length}:${part}`).join('\n');
}

/** A service says that a device is to come, and how it proves what it is. */
export function expected(model: Model, input: Input<Expected>): Out {
  const { state, event } = input;
  if (activeOf(state.list) !== undefined) return no('has-credential');
  const { proofKey, template = null, parameters = {} } = event.data;
  const claim: Claim = { proofKey, template, parameters, ...unclaimed, failures: 0 };
  return settle(model, input, {
    state: { claim, isWithdrawn: false },
    audit: [{ to: 'expected', because: 'expected' }],
  });
}

const unclaimed = { by: null, nonce: null, until: null, working: null } as const;

/** Hands on what a bootstrap identity says about itself to the record of the device that it names. */
export function handedOn({ events }: Model, input: Input<Datas['claim'] | Answer>): Outcome {
  const { type, subject: by, data } = input.event;
  if (type === events.claim.type) return { emit: [events.claimed(data.device, { by })] };
  return { emit: [events.answered(data.device, { ...(data as Answer), by })] };
}

/** A device that has no credential of its own asks, by its bootstrap identity, for a challenge. */
export function claimed(model: Model, input: Input<Datas['claimed']>): Out {
  const { state, now, device, event } = input;
  const { claim } = state;
  const { by } = event.data;
  if (claim === null) return no('not-expected');
  if (claim.failures >= mostFailures) return no('claim-blocked');
  const isOpen = claim.until !== null && now < claim.until;
  if (isOpen && (claim.by !== by || claim.working !== null))
    return no('claim-under-way', { until: at(claim.until) });
  // Asked again, it gets the same one: it may have missed the first.
  if (isOpen && claim.nonce !== null) return { emit: [challengeOf(model, device, claim)] };
  const attempt = attemptOf(input);
  const until = now + model.times.answerWithinMs;
  return settle(model, input, {
    state: { claim: { ...claim, by, nonce: null, until, working: attempt } },
    emit: [model.calls.challenge(device, { device, attempt })],
  });
}

function challengeOf({ events }: Model, device: string, { nonce, until, by }: Claim) {
  return events.challenged(device, {
    nonce: nonce ?? '',
    until: at(until ?? 0),
    by: by ?? '',
  });
}

/** There is a nonce. */
export function challenged(
  model: Model,
  input: Input<Done<Challenge, { readonly nonce: string }>>,
): Out {
  const { state, event, device } = input;
  const { request, result } = event.data;
  if (state.claim === null || state.claim.working !== request.attempt) return nothing;
  const claim: Claim = { ...state.claim, nonce: result.nonce, working: null };
  return settle(model, input, {
    state: { claim },
    emit: [challengeOf(model, device, claim)],
    audit: [{ to: 'challenged', because: `claimed by ${claim.by}` }],
  });
}

/** The device answers. A nonce is good for one answer. */
export function answered(model: Model, input: Input<Datas['answered']>): Out {
  const { state, event, now, device } = input;
  const { claim } = state;
  if (claim === null) return no('not-expected');
  const { nonce, signature, csr, by } = event.data;
  const isRight = claim.nonce === nonce && claim.by === by && event.data.device === device;
  if (!isRight || claim.until === null || claim.until <= now) return no('no-challenge');
  const attempt = attemptOf(input);
  const request = { device, nonce, signature, csr, proofKey: claim.proofKey, attempt };
  return settle(model, input, {
    state: { claim: { ...claim, nonce: null, working: attempt } },
    emit: [model.calls.verify(device, request)],
  });
}

/** The signature has been checked. If it is right, the device gets its first credential, made by the template. */
export function verified(
  model: Model,
  input: Input<Done<VerifyRequest, { readonly valid: boolean }>>,
): Out {
  const { state, event, device } = input;
  const { request, result } = event.data;
  const { claim } = state;
  if (claim === null || claim.working !== request.attempt) return nothing;
  if (!result.valid) return refused(model, input, claim, 'wrong-signature');
  const { template: name, parameters } = claim;
  const template = model.template({ device, template: name, parameters });
  if (template === undefined) return refused(model, input, claim, 'not-permitted');
  const { csr, attempt } = request;
  return settle(model, input, {
    state: { claim: { ...claim, until: input.now + model.times.answerWithinMs } },
    emit: [model.calls.issue(device, { device, csr, template, attempt })],
    audit: [{ to: 'verified', because: `claimed by ${claim.by}` }],
  });
}

function refused(model: Model, input: Input, claim: Claim, because: string): Out {
  return settle(model, input, {
    state: { claim: { ...claim, ...unclaimed, failures: claim.failures + 1 } },
    emit: [model.events.failed(input.device, { credential: null, because })],
    audit: [{ to: 'refused', because }],
  });
}

/** A call of the claim came to nothing: the device may begin again. */
export function claimFailed(model: Model, input: Input<Failed<Challenge | VerifyRequest>>): Out {
  const { claim } = input.state;
  if (claim === null || claim.working !== input.event.data.request.attempt) return nothing;
  const because = 'not-checked';
  return settle(model, input, {
    state: { claim: { ...claim, ...unclaimed } },
    emit: [model.events.failed(input.device, { credential: null, because })],
    audit: [{ to: 'failed', because }],
  });
}
