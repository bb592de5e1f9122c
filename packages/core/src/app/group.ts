import { HearthError, isHearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import { byteLength } from '../ports/fit.ts';
import type { App, Route } from './define-app.ts';
import { keyOf } from './record.ts';
import { maySpeak, type Speaking } from './speaks.ts';
import { timersAtOnce } from './timers.ts';
import type { Context, Fate, Work } from './work.ts';

/** A piece of work, and its place among all of the batch. */
interface Item {
  readonly work: Work;
  readonly at: number;
}

/** Takes the fate of the piece of work at a place. */
export type Settle = (at: number, fate: Fate) => void;

/** All the work for one record, in order. */
export interface Group {
  readonly handler: Handler;
  readonly subject: string;
  readonly key: string;
  readonly items: readonly Item[];
  /** How many items one save takes; fewer when they did not fit. */
  share: number;
  /** How many due timers one save takes; when they are fewer than usual, they are saved before any item. */
  timers: number;
  /** How many saves took nothing but timers. */
  rounds: number;
  next: number;
  tries: number;
  /** Order keys of which an item must be tried again: the rest of them waits. */
  held: ReadonlySet<string>;
  /** Whether what was left of it was given up: nothing could be done now. */
  gaveUp: boolean;
}

/** Groups work by the record it writes. What may not be said, or has no possible key, is settled at once. */
export function groupsOf(context: Context, works: readonly Work[], settle: Settle): Group[] {
  const { maxKeyBytes } = context.runtime.store.capabilities;
  const groups = new Map<string, Group & { readonly items: Item[] }>();
  works.forEach((work, at) => {
    for (const route of routesFor(context, work)) {
      const subject = subjectOf(route, work);
      if (subject === undefined) continue;
      if (isHearthError(subject)) {
        settle(at, { status: 'failed', error: subject });
        continue;
      }
      const key = keyOf(route.handler, subject);
      const fate = refusal(context, route, work, subject) ?? unfit(key, work, maxKeyBytes);
      const group = groups.get(key);
      if (fate !== undefined) settle(at, fate);
      else if (group !== undefined) group.items.push({ work, at });
      else groups.set(key, newGroup(route.handler, subject, key, [{ work, at }]));
    }
  });
  return [...groups.values()];
}

function subjectOf(
  { handler, subscription }: Route,
  { event }: Work,
): string | undefined | HearthError {
  let cause: unknown;
  try {
    const subject: unknown = subscription.subjectOf(event);
    if (subject === undefined || (typeof subject === 'string' && subject !== '')) return subject;
  } catch (error) {
    cause = error;
  }
  return new HearthError(
    'step-failed',
    `"${handler.name}" could not tell the subject of "${event.type}".`,
    { cause },
  );
}

// Each item looks at the marks of those before it, so the cost of one pass grows with the square of its items.
const mostAtOnce = 500;
const none: ReadonlySet<string> = new Set();

function newGroup<I extends readonly Item[]>(
  handler: Handler,
  subject: string,
  key: string,
  items: I,
): Group & { readonly items: I } {
  return {
    handler,
    subject,
    key,
    items,
    share: mostAtOnce,
    timers: timersAtOnce,
    rounds: 0,
    next: 0,
    tries: 0,
    held: none,
    gaveUp: false,
  };
}

const noRoutes: readonly Route[] = [];

/**
 * Who handles an event. What this app emitted itself is on its way already: a call is performed from where it is, a command was
 * published. A call that comes in is for a runtime that has its function: one without it would publish the call anew, and the bus would
 * bring it back; a command that the bus brings back is not sent again either.
 */
function routesFor(
  { app, runtime }: Context,
  { event, cascade, principal }: Work,
): readonly Route[] {
  const all = app.routes.get(event.type) ?? noRoutes;
  const isTaken = app.calls.has(event.type)
    ? cascade !== true && runtime.calls?.[event.type] !== undefined
    : principal.kind !== 'app';
  return isTaken ? all : all.filter(({ subscription }) => subscription.incoming !== true);
}

/** For whom else the senders of work have to speak, because of who keeps it or whom it concerns. */
export function speakingAlso(context: Context, works: readonly Work[]): readonly Speaking[] {
  return works.flatMap((work) => {
    const { principal } = work;
    if (principal.kind === 'app') return [];
    return routesFor(context, work).flatMap((route) => {
      const subject = subjectOf(route, work);
      if (subject === undefined || isHearthError(subject)) return [];
      return others(route, work, subject).map((other) => ({ principal, subject: other }));
    });
  });
}

const nobody: readonly string[] = [];

function others(
  { subscription: { concerns, witness } }: Route,
  { event }: Work,
  subject: string,
): readonly string[] {
  const concerned = concerns?.(event) ?? nobody;
  return subject === event.subject || witness === true ? concerned : [subject, ...concerned];
}

/** Who may not say this at all, or speaks for another by having a handler keep it under another subject. */
function refusal(context: Context, route: Route, work: Work, subject: string): Fate | undefined {
  const { event, principal } = work;
  const { kind } = principal;
  const { from } = route.subscription;
  const isAllowed = from === undefined || from.includes(kind);
  try {
    const isSpokenFor = (other: string) => maySpeak(context, principal, other);
    if (isAllowed && others(route, work, subject).every(isSpokenFor)) return undefined;
  } catch (cause) {
    if (isHearthError(cause) && cause.retryable) return { status: 'retry', error: cause };
    const error = new HearthError('step-failed', 'speaksFor gave no answer.', { cause });
    return { status: 'failed', error };
  }
  const message = isAllowed
    ? `A ${kind} may not speak for the record that "${event.type}" would change.`
    : `A ${kind} may not say "${event.type}".`;
  return { status: 'rejected', code: 'not-permitted', message };
}

const plain = /^[ -~]*$/;

/** A subject may have been taken from the data, which the rules for attributes do not bind. */
function unfit(key: string, { event }: Work, maxKeyBytes: number): Fate | undefined {
  if (!plain.test(key) && /[\p{Cc}\p{Cs}]/u.test(key)) {
    const message = `The subject of "${event.type}" has control characters or lone surrogates.`;
    return { status: 'rejected', code: 'invalid-event', message, data: { field: 'subject' } };
  }
  if (key.length * 3 <= maxKeyBytes || byteLength(key) <= maxKeyBytes) return undefined;
  const message = `The subject is too long: the store takes keys of ${maxKeyBytes} bytes.`;
  return { status: 'rejected', code: 'limit-exceeded', message };
}

/** Groups without work, for records of this app that want attention. */
export function groupsToAttend({ app }: Context, keys: readonly string[]): Group[] {
  return keys.flatMap((key) => {
    const handler = keeperOf(app, key);
    return handler === undefined
      ? []
      : [newGroup(handler, key.slice(handler.key.length + 1), key, [])];
  });
}

/** The handler that keeps a record; one that this app does not have belongs to another app on the store. */
export function keeperOf({ handlers }: App, key: string): Handler | undefined {
  return handlers.get(key.slice(0, key.indexOf('/')));
}

/** Lets what is left of a group be tried again by the host. */
export function giveUp(group: Group, error: HearthError, settle: Settle): void {
  for (const { at } of group.items.slice(group.next)) settle(at, { status: 'retry', error });
  group.next = group.items.length;
  group.gaveUp = true;
}
