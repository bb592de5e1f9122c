import type { EventType, Incoming } from '../model/event.ts';
import {
  handlerOf,
  ownSubject,
  type Handler,
  type Outcome,
  type StepInput,
  type Subscription,
} from '../model/handler.ts';
import { anything } from '../model/schema.ts';
import {
  answered,
  challenged,
  claimed,
  claimFailed,
  expected,
  handedOn,
  verified,
} from './claim-steps.ts';
import {
  addedElsewhere,
  issued,
  notIssued,
  proved,
  requested,
  revoke,
  rotate,
  withdraw,
} from './rotation-steps.ts';
import { settle, type Input, type Model } from './settle.ts';

/** What the record of a device does, by the type of the event; time comes to it as a timer. */
export function deviceSteps(model: Model, due: EventType): ReadonlyMap<string, Subscription> {
  const passing = (_: Model, input: Input) => settle(model, input, {});
  const timers = [...subscriptions(model, [[due, passing]])].map(
    ([type, one]) => [type, { ...one, internal: true }] as const,
  );
  return new Map([...subscriptions(model, stepsOf(model)), ...timers]);
}

type Step = (model: Model, input: Input<never>) => Outcome;
type Steps = readonly (readonly [EventType, unknown])[];

/** The steps of the record of a device, besides its timer. */
function stepsOf({ events, calls }: Model): Steps {
  return [
    [events.added, addedElsewhere],
    [events.rotate, rotate],
    [events.requested, requested],
    [events.proved, proved],
    [events.revoke, revoke],
    [events.withdraw, withdraw],
    [events.expect, expected],
    [events.claimed, claimed],
    [events.answered, answered],
    [calls.issue.done, issued],
    [calls.issue.failed, notIssued],
    [calls.challenge.done, challenged],
    [calls.challenge.failed, claimFailed],
    [calls.verify.done, verified],
    [calls.verify.failed, claimFailed],
  ];
}

/**
 * What bootstrap identities say has a record for each of them: nobody speaks for a device by asking to become it, and so the record of the
 * device only hears of it from the app.
 */
export function claimants(model: Model): Handler {
  const { events } = model;
  return handlerOf(
    { name: `${model.type}.claims`, state: anything, initial: null, trusted: true },
    subscriptions(model, [
      [events.claim, handedOn],
      [events.answer, handedOn],
    ]),
  );
}

type AnyInput = StepInput<unknown, Incoming<string, never>, unknown>;

function subscriptions(model: Model, steps: Steps): ReadonlyMap<string, Subscription> {
  const all = steps.map(([event, step]) => {
    const run = (input: AnyInput) =>
      (step as Step)(model, { ...input, device: input.event.subject } as Input<never>);
    const { from = ['app', 'service'] } = event;
    return [event.type, { event, step: run, subjectOf: ownSubject, from }] as const;
  });
  return new Map(all);
}
