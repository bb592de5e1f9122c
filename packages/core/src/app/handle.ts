import { HearthError, isHearthError } from '../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';
import { bury, isBlind, isSpent } from './bury.ts';
import { carryOut } from './carry-out.ts';
import type { App } from './define-app.ts';
import { drive, sleep, type Task } from './effect.ts';
import type { Handled, Input } from './input.ts';
import { laneOf, speakingIn, type Lane } from './lane.ts';
import { backoff } from './outbox.ts';
import { elsewhere } from './region.ts';
import { lookUpGrants } from './speaks.ts';
import { log, logged, loggedError } from './telemetry.ts';
import { count, type Context, type Fate } from './work.ts';

/** How a trigger's batch is handled. */
export interface HandleOptions {
  /** `key`: inputs of one order key stay in order, and after a `retry` the rest of them is also `retry`, not run. */
  readonly order?: 'none' | 'key';
  /**
   * `host`: whoever delivers keeps what is rejected (a broker with a dead-letter sink), so no dead letter is published for it here.
   * Outputs that cannot be delivered become dead letters either way.
   */
  readonly deadLetters?: 'own' | 'host';
  /**
   * What the host does with an input that must come again after its last attempt, or of an input of which it tells nothing: `kept` (the
   * default), in a queue or among its own dead letters, or `lost`; then it becomes a dead letter here, whatever kept it from being done.
   */
  readonly afterLastAttempt?: 'kept' | 'lost';
}

/** How often a failing step is tried in process where the host does not count its deliveries. */
const triesInProcess = 3;

/**
 * Handles a batch of inputs: checks them, runs every handler, saves, delivers, and decides. One answer per input, in their order.
 *
 * Never rejects: whatever goes wrong becomes a verdict. Each input is done exactly once in effect while its double falls inside the record's
 * window; what it emits is delivered at least once, with equal id and bytes.
 */
export function handle(
  app: App,
  inputs: readonly Input[],
  given: Runtime,
  options: HandleOptions = {},
): Promise<readonly Handled[]> {
  const runtime = given.shadow?.hide(given) ?? given;
  return drive(handling(app, inputs, runtime, options), runtime).catch((cause: unknown) => {
    log({ runtime }, 'error', loggedError(cause), 'A batch could not be handled.');
    return inputs.length === 1 ? [unhandled] : eachAlone(app, inputs, runtime, options);
  });
}

// Nothing is known of what was saved, so it must come again; what was saved is recognised then.
const unhandled: Handled = {
  verdict: 'retry',
  code: 'step-failed',
  message: 'The input could not be handled.',
};

/** Handles inputs one after the other: what went wrong with one of them in a way that nobody foresaw must not take the others with it. */
async function eachAlone(
  app: App,
  inputs: readonly Input[],
  runtime: Runtime,
  options: HandleOptions,
): Promise<readonly Handled[]> {
  const all: Handled[] = [];
  for (const input of inputs) {
    // Without the batch, nobody knows which of its inputs share an order key.
    const isHeld = options.order === 'key' && all.some(({ verdict }) => verdict === 'retry');
    all.push(...(isHeld ? [unhandled] : await handle(app, [input], runtime, options)));
  }
  return all;
}

/** The task behind `handle`. */
export function* handling(
  app: App,
  inputs: readonly Input[],
  runtime: Runtime,
  options: HandleOptions = {},
): Task<readonly Handled[]> {
  const context: Context = {
    app,
    runtime,
    ordered: options.order === 'key',
    inFlight: new Set(),
    leftBehind: new Set(),
    granted: new Map(),
    carryOut,
  };
  count(context, 'received', inputs.length);
  const refused = yield* elsewhere(context, inputs);
  const here = refused.size === 0 ? inputs : inputs.filter((input) => !refused.has(input));
  if (app.grants.length > 0) yield* lookUpGrants(context, speakingIn(app, here));
  const lanes = inputs.map((input) => laneOf(context, input, refused.get(input)));
  yield* work(context, lanes);
  if (context.ordered) holdOrder(lanes, options);
  yield* bury(context, lanes, options);
  return lanes.map((lane) => answer(context, lane));
}

/** Runs what is to be run; a failing step is tried again here only where the host does not count. */
function* work(context: Context, lanes: readonly Lane[]): Task<void> {
  let open = lanes.filter((lane) => lane.fate === undefined);
  while (open.length > 0) {
    const works = open.flatMap((lane) => lane.work ?? []);
    const fates = yield* context.carryOut(context, works);
    open.forEach((lane, index) => {
      lane.fate = fates[index];
      lane.tries += 1;
    });
    open = open.filter(
      ({ fate, input, tries }) =>
        fate?.status === 'failed' && isBlind(input) && tries < triesInProcess,
    );
    if (open.length > 0) yield* sleep(backoff(context, open[0]?.tries ?? 1) / 20);
  }
}

const heldBack = new HearthError(
  'conflict',
  'An earlier input of the same order key must come again first.',
  {
    retryable: true,
  },
);

const mustComeAgain = ({ fate }: Lane): boolean =>
  fate?.status === 'retry' || fate?.status === 'failed';

/** After an input that must come again, those that follow it in its order key come again too; what they did already is remembered. */
function holdOrder(lanes: readonly Lane[], { afterLastAttempt }: HandleOptions): void {
  const held = new Set<string>();
  for (const lane of lanes) {
    const order = lane.work?.order;
    if (order === undefined) continue;
    if (held.has(order)) lane.fate = { status: 'retry', error: heldBack };
    else if (mustComeAgain(lane) && !isSpent(lane, afterLastAttempt)) held.add(order);
  }
}

function answer(context: Context, { fate, span, input }: Lane): Handled {
  const handled = verdictOf(fate);
  const { verdict, code } = handled;
  if (verdict !== 'done') {
    span?.fail(code ?? verdict);
    const { event, principal, attempt } = input;
    // What belongs to another region leaves no trace in this one.
    const isUnnamed = isHearthError(event) || code === 'wrong-region';
    const fields = isUnnamed ? {} : logged(event, `${principal.kind}:${principal.id}`);
    const level = verdict === 'retry' ? 'warn' : 'info';
    log(
      context,
      level,
      { ...fields, attempt, outcome: verdict, reason: code, detail: detailOf(fate) },
      `An input was answered with "${verdict}".`,
    );
  }
  span?.end();
  count(
    context,
    verdict === 'done' ? 'ok' : verdict === 'rejected' ? 'drop' : 'retry',
    1,
    code === undefined ? {} : { code },
  );
  show(context, input, handled);
  return handled;
}

/** What is wrong with a store or publisher, such as a package that is not installed. Other messages may name the subject, and are not shown. */
function detailOf(fate: Fate | undefined): string | undefined {
  if (fate?.status !== 'retry' && fate?.status !== 'failed') return undefined;
  const { code, message } = fate.error;
  return code.endsWith('-unavailable') ? message : undefined;
}

/** Shows an input and its verdict to whoever watches. */
function show(context: Context, { event, principal }: Input, handled: Handled): void {
  try {
    context.runtime.answered?.({ ...handled, event, principal });
  } catch (error) {
    log(context, 'warn', loggedError(error), 'An observer threw.');
  }
}

/** The one place where an input's fate becomes a verdict. */
function verdictOf(fate: Fate | undefined): Handled {
  if (fate === undefined) return { verdict: 'retry' };
  switch (fate.status) {
    case 'done': {
      const { reply, duplicate } = fate;
      return {
        verdict: 'done',
        ...(reply === undefined ? {} : { reply }),
        ...(duplicate === true ? { duplicate } : {}),
      };
    }
    case 'rejected': {
      const { code, message, data } = fate;
      return {
        verdict: 'rejected',
        code,
        ...(message === undefined ? {} : { message }),
        ...(data === undefined ? {} : { data }),
      };
    }
    case 'failed':
    case 'retry':
      return { verdict: 'retry', code: fate.error.code, message: fate.error.message };
  }
}
