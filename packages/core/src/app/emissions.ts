import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { Draft } from '../model/event.ts';
import type { Handler, Outcome, Timer } from '../model/handler.ts';
import type { App } from './define-app.ts';
import type { RunInput, RunRecord } from './run.ts';
import { idOf, isoTime, recordHash, stamp, type Emitter } from './stamp.ts';

/** A timer that a step has set, with the event that it will be. */
export interface StampedTimer {
  readonly key: string;
  /** When it is due (ms since the epoch). */
  readonly at: number;
  readonly event: CloudEvent;
}

const nothing: readonly never[] = [];
const silence = { emitted: nothing, timers: nothing };

/**
 * Checks and stamps what a step emits and the timers it sets.
 *
 * @throws {HearthError} `invalid-output`, `duplicate-key` or `depth-exceeded`.
 */
export function emissions(
  app: App,
  handler: Handler,
  record: RunRecord,
  input: RunInput,
  outcome: Outcome,
): { readonly emitted: readonly CloudEvent[]; readonly timers: readonly StampedTimer[] } {
  const drafts = listOf(outcome.emit).filter((draft) => isHeard(app, handler, draft));
  const { timers = nothing } = outcome;
  // Most of what devices report interests nobody, and is not worth a hash.
  if (drafts.length === 0 && timers.length === 0) return silence;
  const mark = app.marks.get(handler.key);
  if (mark === undefined)
    throw new HearthError('invalid-definition', `"${handler.name}" is not a part of this app.`);
  const emitter: Emitter = {
    app,
    mark,
    subject: record.subject,
    cause: input.event,
    now: input.now,
    record: record.hash ?? recordHash(mark, record.subject),
    traceparent: input.traceparent,
  };
  return {
    emitted: stampAll(emitter, drafts, record.counter),
    timers: stampTimers(emitter, handler, timers),
  };
}

const listOf = (emit: Outcome['emit']): readonly Draft[] =>
  emit === undefined ? nothing : Array.isArray(emit) ? (emit as readonly Draft[]) : [emit as Draft];

/** A quiet event is emitted only if somebody in the app listens. */
function isHeard(app: App, handler: Handler, draft: Draft | null | undefined): draft is Draft {
  if (typeof draft?.type !== 'string' || typeof draft.subject !== 'string')
    refuse(`"${handler.name}" emitted what is no draft; call an event type to make one.`, 'emit');
  assertAddressed(handler, draft);
  const known = app.types.get(draft.type)?.find(({ older }) => older === undefined)?.event;
  if (known?.madeBy !== undefined && known.madeBy !== handler.name)
    refuse(`"${handler.name}" emitted "${draft.type}", which only "${known.madeBy}" can.`, 'type');
  return known?.quiet !== true || app.heard.has(draft.type);
}

// What an attribute may hold; most are printable ASCII, which is told faster.
const plain = /^[ -~]{1,1024}$/;
const sayable = /^[^\p{Cc}\p{Cs}\p{Cn}]{1,1024}$/u;

/** A key of another type than text would not count in the id, and a partition that no attribute can hold would not get through a bus. */
function assertAddressed({ name }: Handler, { type, key, partition }: Draft): void {
  if (key !== undefined && typeof key !== 'string')
    refuse(`"${name}" emitted "${type}" with a key that is no text.`, 'key');
  if (partition === undefined || plain.test(partition) || sayable.test(partition)) return;
  refuse(
    `"${name}" emitted "${type}" with a partition that is not 1 to 1,024 characters.`,
    'partition',
  );
}

function refuse(message: string, field: string): never {
  throw new HearthError('invalid-output', message, { field });
}

function stampAll(
  emitter: Emitter,
  drafts: readonly Draft[],
  counter: number,
): readonly CloudEvent[] {
  const time = isoTime(emitter.now);
  if (drafts.length === 1) {
    const draft = drafts[0] as Draft;
    const id =
      draft.key === undefined
        ? idOf(emitter, 'index', draft, '0')
        : idOf(emitter, 'key', draft, draft.key);
    return [stamp(emitter, draft, id, time, counter + 1)];
  }
  const counts = new Map<string, number>();
  const ids = new Set<string>();
  return drafts.map((draft, position) => {
    const of = `${draft.type}\n${draft.subject}`;
    const index = counts.get(of) ?? 0;
    if (draft.key === undefined) counts.set(of, index + 1);
    const id =
      draft.key === undefined
        ? idOf(emitter, 'index', draft, String(index))
        : idOf(emitter, 'key', draft, draft.key);
    if (ids.has(id)) {
      throw new HearthError(
        'duplicate-key',
        `Two outputs "${draft.type}" of one subject share the key "${draft.key}"; give each its own.`,
        { field: 'key' },
      );
    }
    ids.add(id);
    return stamp(emitter, draft, id, time, counter + 1 + position);
  });
}

function stampTimers(
  emitter: Emitter,
  handler: Handler,
  timers: readonly Timer[],
): readonly StampedTimer[] {
  const keys = new Set(timers.map(({ key }) => key));
  if (keys.size < timers.length) {
    const message = `"${handler.name}" set two timers of one key; give each its own.`;
    throw new HearthError('duplicate-key', message, { field: 'key' });
  }
  return timers.map((timer) => stampTimer(emitter, handler, timer));
}

// The last instant that a Date can hold.
const latest = 8.64e15;

function stampTimer(emitter: Emitter, handler: Handler, timer: Timer): StampedTimer {
  const { key, event } = timer;
  const at = Math.ceil(timer.at);
  if (typeof key !== 'string') refuse(`"${handler.name}" set a timer without a key.`, 'key');
  if (!handler.subscriptions.has(event.type)) {
    const message = `"${handler.name}" set a timer for "${event.type}", which it does not handle.`;
    refuse(message, 'event');
  }
  if (!(Math.abs(at) <= latest))
    refuse(`The timer "${key}" of "${handler.name}" needs an instant in ms.`, 'at');
  // A timer begins a story of its own depth: a rule that waits is no cascade.
  const fresh: Emitter = { ...emitter, cause: { ...emitter.cause, hearthdepth: 0 } };
  return { key, at, event: stamp(fresh, event, idOf(emitter, 'timer', event, key), isoTime(at)) };
}
