import { isHearthError, type Handled, type Input } from '@hearth/core';
import type { HandleInputs } from '@hearth/core/trigger';

/** How much is handled at once. */
export interface GatherLimits {
  /** Inputs of one call, unless a single request has more. */
  readonly inputs: number;
  /** Calls in progress; requests that come meanwhile wait and share the next one. */
  readonly calls: number;
}

interface Waiting {
  readonly inputs: readonly Input[];
  readonly keys: readonly string[];
  readonly settle: (handled: readonly Handled[]) => void;
}

/**
 * Lets requests that arrive in one turn of the event loop share one call, and so one load, one save and one set of promises.
 *
 * Nothing waits for company: a request alone in its turn is handled alone. But what is about something that is being handled already
 * waits for that, and then shares a call: two calls at once would fight for one record, and the loser would hold up its whole call.
 */
export function gather(handleAll: HandleInputs, limits: GatherLimits): HandleInputs {
  let waiting: Waiting[] = [];
  let calls = 0;
  let isScheduled = false;
  const busy = new Set<string>();

  function schedule(): void {
    if (isScheduled || calls >= limits.calls || waiting.length === 0) return;
    isScheduled = true;
    // Sockets are read before immediates run: by then every request of this turn is here.
    setImmediate(() => void start());
  }

  async function start(): Promise<void> {
    isScheduled = false;
    const [taken, rest] = takeFree(waiting, busy, limits.inputs);
    waiting = rest;
    if (taken.length === 0) return;
    const keys = taken.flatMap((one) => one.keys);
    for (const key of keys) busy.add(key);
    calls += 1;
    // What is left would find the same again, unless it was only too much.
    if (rest.length > 0) schedule();
    const handled = await handleAll(taken.flatMap(({ inputs }) => inputs));
    calls -= 1;
    for (const key of keys) busy.delete(key);
    share(taken, handled);
    schedule();
  }

  return (inputs) =>
    new Promise((settle) => {
      waiting.push({ inputs, keys: inputs.flatMap(keyOf), settle });
      schedule();
    });
}

/** What is kept in order together, as the core has it: only an app or a service may say where an event belongs. */
function keyOf({ event, principal: { kind } }: Input): readonly string[] {
  if (isHearthError(event)) return [];
  const { partitionkey, subject } = event;
  const key = kind === 'app' || kind === 'service' ? (partitionkey ?? subject) : subject;
  return key === undefined ? [] : [key];
}

/** Takes what is free, as much as fits into one call. Who has to wait is not overtaken by who is about the same. */
function takeFree(
  waiting: readonly Waiting[],
  busy: ReadonlySet<string>,
  maxInputs: number,
): [taken: Waiting[], rest: Waiting[]] {
  const taken: Waiting[] = [];
  const rest: Waiting[] = [];
  const awaited = new Set<string>();
  let count = 0;
  for (const one of waiting) {
    const fits = count === 0 || count + one.inputs.length <= maxInputs;
    if (fits && !one.keys.some((key) => busy.has(key) || awaited.has(key))) {
      taken.push(one);
      count += one.inputs.length;
    } else {
      rest.push(one);
      for (const key of one.keys) awaited.add(key);
    }
  }
  return [taken, rest];
}

function share(taken: readonly Waiting[], handled: readonly Handled[]): void {
  let at = 0;
  for (const { inputs, settle } of taken) {
    settle(handled.slice(at, at + inputs.length));
    at += inputs.length;
  }
}
