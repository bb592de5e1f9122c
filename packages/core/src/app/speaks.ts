import { isHearthError } from '../event/error.ts';
import type { Grants, Ref } from '../model/handler.ts';
import { speaksForItself, type Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import { load, type Task } from './effect.ts';
import { keyOf, readRecord } from './record.ts';
import type { Context } from './work.ts';

/** Somebody, and whom they speak for. */
export interface Speaking {
  readonly principal: Principal;
  readonly subject: string;
}

/**
 * Whether a principal may say something about a subject: as the runtime says, or as records told. What the app has emitted, the app says,
 * and nobody has to be asked.
 *
 * @throws {TypeError} when the runtime's `speaksFor` answers neither yes nor no: a promise would pass for a yes.
 * @throws {HearthError} (retryable) when the records that tell could not be read.
 */
export function maySpeak(
  { runtime, granted }: Pick<Context, 'runtime' | 'granted'>,
  principal: Principal,
  subject: string,
): boolean {
  if (principal.kind === 'app' || isGivenBy(runtime, principal, subject)) return true;
  if (granted.size === 0) return false;
  const answer = granted.get(nameOf({ principal, subject }));
  if (isHearthError(answer)) throw answer;
  return answer === true;
}

function isGivenBy(
  { speaksFor = speaksForItself }: Runtime,
  principal: Principal,
  subject: string,
): boolean {
  const answer: unknown = speaksFor(principal, subject);
  if (typeof answer === 'boolean') return answer;
  throw new TypeError('speaksFor must answer true or false');
}

const nameOf = ({ principal: { kind, id }, subject }: Speaking): string =>
  JSON.stringify([kind, id, subject]);

/** How often a grant may ask for further records: a device, its home, whoever lives there. */
const rounds = 4;

/** A grant that has not decided yet, and what it was shown so far. */
interface Open extends Speaking {
  readonly grants: Grants;
  refs: readonly Ref[];
  held: readonly unknown[];
}

/** Looks up, for all at once, whether records let somebody speak for whom the runtime does not let them. */
export function* lookUpGrants(context: Context, all: readonly Speaking[]): Task<void> {
  const { app, granted } = context;
  const asked = all.filter((one) => isToAsk(context, one));
  let open = asked.flatMap((one) => opened(app.grants, one));
  for (let round = 0; round < rounds && open.length > 0; round += 1) {
    const refs = open.flatMap((one) => one.refs);
    const keys = [...new Set(refs.map(({ record, subject }) => keyOf(record, subject)))];
    const stored = keys.length === 0 ? [] : yield* load(keys);
    if (isHearthError(stored)) {
      for (const one of open) granted.set(nameOf(one), stored);
      return;
    }
    const found = new Map(keys.map((key, at) => [key, stored[at]]));
    const heldBy = ({ record, subject, view }: Ref) =>
      view(readRecord(record, subject, found.get(keyOf(record, subject))).state);
    open = open.filter((one) => decided(context, one, heldBy));
  }
}

/** One for each part that may know something; of one that throws nothing is known. */
function opened(grants: readonly Grants[], { principal, subject }: Speaking): readonly Open[] {
  return grants.flatMap((one) => {
    const refs = one.look(principal, subject);
    return refs.length === 0 ? [] : [{ principal, subject, grants: one, refs, held: [] }];
  });
}

/** Whether somebody is asked about, and for the first time. What throws here throws again where it is answered for. */
function isToAsk({ runtime, granted }: Context, one: Speaking): boolean {
  const { principal, subject } = one;
  const { kind } = principal;
  if (kind === 'app' || kind === 'anonymous' || granted.has(nameOf(one))) return false;
  try {
    if (isGivenBy(runtime, principal, subject)) return false;
  } catch {
    return false;
  }
  granted.set(nameOf(one), false);
  return true;
}

/** Takes what one grant says; `true` if it wants to see more. A record that newer code wrote must be read by that; others that cannot be read are no yes. */
function decided({ granted }: Context, one: Open, heldBy: (ref: Ref) => unknown): boolean {
  const name = nameOf(one);
  try {
    one.held = [...one.held, ...one.refs.map(heldBy)];
    const answer = one.grants.may(one.principal, one.subject, one.held);
    if (typeof answer !== 'boolean') {
      one.refs = answer;
      return answer.length > 0;
    }
    if (answer) granted.set(name, true);
  } catch (error) {
    if (granted.get(name) === false && isHearthError(error) && error.retryable)
      granted.set(name, error);
  }
  return false;
}
