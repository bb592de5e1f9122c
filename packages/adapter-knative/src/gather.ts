import type { Handled, Input } from '@hearth/core';

/** How much is handled at once. */
export interface GatherLimits {
  /** Inputs of one call, unless a single request has more. */
  readonly inputs: number;
  /** Calls in progress; requests that come meanwhile wait and share the next one. */
  readonly calls: number;
}

/** Handles inputs and gives a verdict for each, in order; never rejects. */
export type HandleInputs = (inputs: readonly Input[]) => Promise<readonly Handled[]>;

interface Waiting {
  readonly inputs: readonly Input[];
  readonly settle: (handled: readonly Handled[]) => void;
}

/**
 * Lets requests that arrive in one turn of the event loop share one call, and so one load, one save and one set of promises.
 *
 * Nothing waits for company: a request alone in its turn is handled alone.
 */
export function gather(handleAll: HandleInputs, limits: GatherLimits): HandleInputs {
  let waiting: Waiting[] = [];
  let calls = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || calls >= limits.calls || waiting.length === 0) return;
    isScheduled = true;
    // Sockets are read before immediates run: by then every request of this turn is here.
    setImmediate(() => void start());
  }

  async function start(): Promise<void> {
    isScheduled = false;
    const taken = take();
    calls += 1;
    schedule();
    const handled = await handleAll(taken.flatMap(({ inputs }) => inputs));
    calls -= 1;
    share(taken, handled);
    schedule();
  }

  function take(): readonly Waiting[] {
    let count = 0;
    const end = waiting.findIndex((one) => (count += one.inputs.length) > limits.inputs);
    const taken = end < 0 ? waiting : waiting.slice(0, Math.max(1, end));
    waiting = waiting.slice(taken.length);
    return taken;
  }

  return (inputs) =>
    new Promise((settle) => {
      waiting.push({ inputs, settle });
      schedule();
    });
}

function share(taken: readonly Waiting[], handled: readonly Handled[]): void {
  let at = 0;
  for (const { inputs, settle } of taken) {
    settle(handled.slice(at, at + inputs.length));
    at += inputs.length;
  }
}
