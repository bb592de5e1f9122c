import { drive } from '../app/effect.ts';
import type { App } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import { read, rewrite } from '../app/read.ts';
import { isoTime } from '../app/stamp.ts';
import { HearthError } from '../event/error.ts';
import { handlerOf, type Handler } from '../model/handler.ts';
import type { EventType } from '../model/event.ts';
import { anything } from '../model/schema.ts';
import { keepsLetters, type DeadLetterStore } from '../ports/dead-letter-store.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Privacy, RequestDone } from './define-privacy.ts';

/** Who asks for what to be done with somebody's data. */
export interface RequestOptions {
  /** The id of the request, such as that of a ticket: it must not be personal, and stays in the audit trail. With the same id, work goes on. */
  readonly request: string;
  /** Who does it: a name for the audit trail. */
  readonly by: string;
  /** Where dead letters are kept; the runtime's `deadLetters` when absent, if they can be looked into. */
  readonly deadLetters?: DeadLetterStore;
}

/** What is counted while a request is worked on. */
export type Counts = Readonly<Record<string, number>>;

/** What is kept of a request until it is done: its subjects, and where copies of them may lie. */
export interface RequestState {
  readonly owner: string;
  readonly status: 'working' | 'settling' | 'done';
  readonly again: number | null;
  readonly plan: readonly (readonly [subject: string, places: readonly string[]])[];
  readonly counts: Counts;
}

const requests: Handler<RequestState | null> = handlerOf(
  { name: 'hearth.privacy.request', state: anything, initial: null, trusted: true },
  new Map(),
);

/**
 * What is kept of a request; `null` if nobody has begun it.
 *
 * @throws {HearthError} `invalid-option` when a request of this id is about somebody else.
 */
export async function requestState(
  runtime: Runtime,
  request: string,
  owner: string,
): Promise<RequestState | null> {
  const { state } = await read(runtime, requests.ref(request));
  if (state === null || state.owner === owner) return state;
  const message = `The request "${request}" is about somebody else; each needs an id of its own.`;
  throw new HearthError('invalid-option', message, { field: 'request' });
}

/** Keeps a request; once it is done, nothing of what was kept of it before. */
export function keepRequest(runtime: Runtime, request: string, state: RequestState): Promise<void> {
  const as = state.status === 'done' ? 'erase' : 'save';
  const task = rewrite(requests.ref(request), as, (record) => ({
    ...record,
    state,
    at: runtime.clock.now(),
    head: undefined,
  }));
  return drive(task, runtime);
}

/**
 * Enters in the audit trail what is done for a request; a repetition is entered once.
 *
 * @throws {HearthError} when it could not be entered: nothing may be done then.
 */
export async function enter(
  app: App,
  runtime: Runtime,
  { request, by }: RequestOptions,
  { type }: EventType,
  data: RequestDone,
): Promise<void> {
  const event = {
    specversion: '1.0',
    id: `${type}/${request}`,
    source: 'urn:hearth:privacy',
    type,
    subject: request,
    partitionkey: 'hearth.privacy',
    time: isoTime(runtime.clock.now()),
    data,
  } as const;
  const principal = { kind: 'service', id: by } as const;
  const input = { event, principal, attempt: 1 };
  // That it is saved is enough: a sweep, or the next request, sends it out.
  const [handled] = await handle(
    app,
    [input],
    { ...runtime, sweep: true },
    { deadLetters: 'host' },
  );
  // Said again, its numbers may be others: what was entered first counts.
  if (handled?.verdict === 'done' || handled?.code === 'id-reused') return;
  const message = `"${type}" was not entered in the audit trail: ${handled?.code ?? 'no answer'}.`;
  throw new HearthError('conflict', message, { retryable: handled?.verdict === 'retry' });
}

/** Where letters are that can be looked into, if anywhere. */
export function lettersOf(
  { deadLetters }: Runtime,
  given: DeadLetterStore | undefined,
): DeadLetterStore | undefined {
  if (given !== undefined) return given;
  return deadLetters !== undefined && keepsLetters(deadLetters) ? deadLetters : undefined;
}

/** The handlers whose records are about subjects: all but those of the chain itself. */
export function keepersOf({ handlers }: App, { trail }: Privacy): readonly Handler[] {
  const own: readonly string[] = [trail.chain.key, trail.entries.key];
  return [...handlers.values()].filter(({ key }) => !own.includes(key));
}

/**
 * Refuses what would not do for a request.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function assertRequest(owner: string, options: RequestOptions): void {
  const { request = '', by = '' } = Object(options) as Partial<RequestOptions>;
  for (const [field, value] of Object.entries({ owner, request, by })) {
    if (typeof (value as unknown) === 'string' && /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(value)) continue;
    const message = `A request needs "${field}": a text of 1 to 200 characters.`;
    throw new HearthError('invalid-option', message, { field });
  }
}
