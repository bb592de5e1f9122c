import type { Outcome } from '../model/handler.ts';
import type { Done, Failed } from '../model/call.ts';
import { isLive, type Credential, type Credentials } from './credential.ts';
import type { Added, Datas, IssueRequest, IssueResult } from './credential-events.ts';
import { activated, added, revoked, withdrawn } from './rotation.ts';
import {
  at,
  audited,
  named,
  no,
  nothing,
  renewOf,
  rotating,
  settle,
  whyNoRotation,
  type Act,
  type Input,
  type Model,
} from './settle.ts';

type Out = Outcome<Credentials>;

// Rotations that follow each other quickly leave several in grace.
const mostLive = 8;

/** What names an event among all others. */
export const attemptOf = ({ event }: Input): string => `${event.source} ${event.id}`;

/** Somebody wants the device to have a new credential. Asked again, the device is told again. */
export function rotate(model: Model, input: Input<Datas['rotate']>): Out {
  const { state, event, device } = input;
  const why = whyNoRotation(state);
  if (why !== undefined) return no(why);
  if (state.rotation !== null) return { emit: [renewOf(model, device, state)] };
  return settle(model, input, rotating(model, input, event.data.because));
}

/** The device asks for a credential for a key that it has made. */
export function requested(model: Model, input: Input<Datas['requested']>): Out {
  const { state, event, device, now, principal } = input;
  const why = whyNoRotation(state) ?? whyNotFrom(state.list, principal.credential);
  if (why !== undefined) return no(why);
  if (typeof state.rotation?.issuing === 'string')
    return no('rotation-under-way', { until: at(state.rotation.until) });
  if (state.list.filter(isLive).length >= mostLive) return no('too-many-credentials');
  const template = model.template({ device, template: null, parameters: {} });
  if (template === undefined) return no('not-permitted');
  const attempt = attemptOf(input);
  const because = state.rotation?.because ?? 'requested';
  const until = now + model.times.proveWithinMs;
  return settle(model, input, {
    state: { rotation: { because, until, issuing: attempt } },
    emit: [model.calls.issue(device, { device, csr: event.data.csr, template, attempt })],
    audit: [{ to: 'requested', because }],
  });
}

/** A channel that tells the credential must tell one that counts; another has proved the device in its own way. */
function whyNotFrom(list: readonly Credential[], id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  const by = list.find((one) => one.id === id);
  if (by === undefined) return 'unknown-credential';
  return by.state === 'active' || by.state === 'grace' ? undefined : `credential-${by.state}`;
}

/** A credential has been issued, for a rotation or a claim, or for one that has been given up meanwhile. */
export function issued(model: Model, input: Input<Done<IssueRequest, IssueResult>>): Out {
  const { state, event, device, now } = input;
  const { request, result } = event.data;
  const ended = endedBy(state, request.attempt);
  if (ended === undefined || state.list.some(({ id }) => id === result.credential))
    return ended === undefined
      ? discarded(model, input)
      : settle(model, input, twice(model, input, ended));
  const until = now + model.times.proveWithinMs;
  const expires = result.expires === null ? null : Date.parse(result.expires);
  const { credential: id, serial, certificate } = result;
  const moved = added(
    state.list,
    { id, expires, until, ...(serial === undefined ? {} : { serial }) },
    now,
  );
  const told = { ...named(moved.list.at(-1) as Credential), until: at(until) };
  const paper = certificate === undefined ? {} : { certificate };
  return settle(model, input, {
    state: { ...ended, list: moved.list },
    changes: moved.changes,
    emit: [model.events.issued(device, { ...told, ...paper })],
  });
}

/** Nobody has waited for it: it must not stay valid somewhere. */
function discarded(model: Model, input: Input<Done<IssueRequest, IssueResult>>): Out {
  const { credential, expires, serial } = input.event.data.result;
  if (input.state.list.some(({ id }) => id === credential)) return nothing;
  const it = { credential, expires, ...(serial === undefined ? {} : { serial }) };
  const because = 'issued-too-late';
  return {
    emit: [
      model.events.revoked(input.device, { ...it, because }),
      audited(model, input, { credential, from: null, to: 'revoked', because }),
    ],
  };
}

function twice(
  { events }: Model,
  { device, event }: Input<Done<IssueRequest, IssueResult>>,
  state: Partial<Credentials>,
): Act {
  const { credential } = event.data.result;
  const because = 'issued-twice';
  return {
    state,
    emit: [events.failed(device, { credential, because })],
    audit: [{ to: 'failed', because }],
  };
}

/** No credential could be issued: what is active stays. */
export function notIssued(model: Model, input: Input<Failed<IssueRequest>>): Out {
  const { state, event, device } = input;
  const ended = endedBy(state, event.data.request.attempt);
  if (ended === undefined) return nothing;
  const because = 'not-issued';
  return settle(model, input, {
    state: ended,
    emit: [model.events.failed(device, { credential: null, because })],
    audit: [{ to: 'failed', because }],
  });
}

/** What the end of an attempt changes; nothing, if it is not the one under way. */
function endedBy(
  { rotation, claim }: Credentials,
  attempt: string,
): Partial<Credentials> | undefined {
  if (rotation?.issuing === attempt) return { rotation: null };
  if (claim?.working !== attempt) return undefined;
  return { claim: { ...claim, working: null, nonce: null, until: null, by: null } };
}

/** A service has made a credential elsewhere. */
export function addedElsewhere(model: Model, input: Input<Added>): Out {
  const { state, event, now } = input;
  const { credential: id, expires = null, serial, until, proved: isProved = false } = event.data;
  if (state.isWithdrawn) return no('withdrawn');
  const known = state.list.find((one) => one.id === id);
  if (known !== undefined)
    return isLive(known) ? { reply: replyOf(known) } : no(`credential-${known.state}`);
  if (state.list.filter(isLive).length >= mostLive) return no('too-many-credentials');
  const end = until === undefined ? now + model.times.proveWithinMs : instantOf(until);
  const terms = { id, expires: instantOf(expires), ...(serial === undefined ? {} : { serial }) };
  const moved = added(state.list, { ...terms, until: isProved ? null : end }, now);
  const used = isProved
    ? activated(moved.list, id, { now, because: 'in-use', graceMs: model.times.graceMs })
    : { list: moved.list, changes: [] };
  const changes = [...moved.changes, ...used.changes];
  return settle(model, input, { state: { list: used.list }, changes });
}

const instantOf = (text: string | null): number | null => (text === null ? null : Date.parse(text));

const replyOf = ({ id, state, until }: Credential) => ({
  credential: id,
  state,
  until: until === null ? null : at(until),
});

/** The device has come in with a credential. One that was pending counts from now on. */
export function proved(model: Model, input: Input<Datas['proved']>): Out {
  const { state, now, principal } = input;
  const by = state.list.find(({ id }) => id === principal.credential);
  if (principal.credential === undefined) return no('no-proof');
  if (by === undefined) return no('unknown-credential');
  if (by.state === 'active') return { reply: replyOf(by) };
  if (by.state === 'grace') return fellBack(model, input, by);
  if (by.state !== 'pending') return no(`credential-${by.state}`);
  const { graceMs } = model.times;
  const { list, changes } = activated(state.list, by.id, { now, because: 'proved', graceMs });
  const reply = replyOf(list.find(({ id }) => id === by.id) as Credential);
  return settle(model, input, { state: { list, rotation: null, claim: null }, changes, reply });
}

/** The device has lost its new key, or gone back to its old software: it is to get another one while the old one still works. */
function fellBack(model: Model, input: Input, by: Credential): Out {
  const { rotation, list } = input.state;
  const reply = replyOf(by);
  if (rotation !== null || list.some(({ state }) => state === 'pending')) return { reply };
  return settle(model, input, { ...rotating(model, input, 'fell-back'), reply });
}

/** A service does not believe a credential any more. The last one stays: whoever means that withdraws the device. */
export function revoke(model: Model, input: Input<Datas['revoke']>): Out {
  const { state, event, now } = input;
  const { credential: id, because } = event.data;
  const known = state.list.find((one) => one.id === id);
  if (known === undefined) return no('unknown-credential');
  if (!isLive(known)) return nothing;
  const moved = revoked(state.list, id, { now, because });
  if (moved === undefined) return no('last-credential');
  return settle(model, input, { state: { list: moved.list }, changes: moved.changes });
}

/** The device is shut out, whatever it holds. */
export function withdraw(model: Model, input: Input<Datas['withdraw']>): Out {
  const { state, event, now } = input;
  if (state.isWithdrawn) return nothing;
  const { because } = event.data;
  const { list, changes } = withdrawn(state.list, { now, because });
  return settle(model, input, {
    state: { list, rotation: null, claim: null, isWithdrawn: true },
    changes,
    audit: [{ to: 'withdrawn', because }],
  });
}
