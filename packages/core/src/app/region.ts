import { HearthError, isHearthError } from '../event/error.ts';
import type { Ref } from '../model/handler.ts';
import type { Residence } from '../model/residence.ts';
import type { StateStore } from '../ports/state-store.ts';
import { load, type Task } from './effect.ts';
import type { Input } from './input.ts';
import { recent, type Recent } from './recent.ts';
import { keyOf, readRecord } from './record.ts';
import { loggedError, log } from './telemetry.ts';
import { count, type Context, type Fate } from './work.ts';

/** How often further records are asked for, how many subjects are remembered, and for how long (ms). */
const limits = { rounds: 4, subjects: 10_000, ageMs: 60_000 };

interface Found {
  readonly region: string;
  readonly until: number;
}

const remembered = new WeakMap<StateStore, Recent<Found>>();

/** The inputs that this runtime may not take, because what they are about belongs to another region, or because nobody could say. */
export function* elsewhere(
  context: Context,
  inputs: readonly Input[],
): Task<ReadonlyMap<Input, Fate>> {
  const refused = new Map<Input, Fate>();
  const { region } = context.runtime;
  if (region === undefined) return refused;
  for (const input of inputs) {
    for (const subject of subjectsOf(input)) {
      const found = yield* regionOf(context, subject);
      const fate = fateOf(found, region);
      if (fate !== undefined && !refused.has(input)) refused.set(input, fate);
    }
  }
  if (refused.size > 0) count(context, 'wrong_region', refused.size);
  return refused;
}

function subjectsOf({ event }: Input): readonly string[] {
  if (isHearthError(event)) return [];
  const { subject, partitionkey } = event;
  return [...new Set([subject ?? '', partitionkey ?? ''])].filter((one) => one !== '');
}

function fateOf(found: string | HearthError | undefined, here: string): Fate | undefined {
  if (isHearthError(found)) return { status: found.retryable ? 'retry' : 'failed', error: found };
  if (found === undefined || found === here) return undefined;
  const message = `This runtime is in "${here}", and the home of the event is not.`;
  return { status: 'rejected', code: 'wrong-region', message };
}

function* regionOf(context: Context, subject: string): Task<string | HearthError | undefined> {
  const { app, runtime } = context;
  try {
    const said = runtime.regionOf?.(subject);
    if (said !== undefined) return said;
  } catch (cause) {
    log(context, 'error', loggedError(cause), 'regionOf gave no answer.');
    return new HearthError('step-failed', 'regionOf gave no answer.', { cause });
  }
  if (app.residences.length === 0) return undefined;
  const known = remembered.get(runtime.store) ?? recent<Found>(limits.subjects);
  remembered.set(runtime.store, known);
  const before = known.get(subject);
  const now = runtime.clock.now();
  if (before !== undefined && before.until > now) return before.region;
  for (const residence of app.residences) {
    const region = yield* lookUp(residence, subject);
    if (isHearthError(region)) return region;
    if (region === undefined) continue;
    known.set(subject, { region, until: now + limits.ageMs });
    return region;
  }
  return undefined;
}

function* lookUp(
  { look, region }: Residence,
  subject: string,
): Task<string | HearthError | undefined> {
  let refs: readonly Ref[] = look(subject);
  const held: unknown[] = [];
  for (let round = 0; round < limits.rounds && refs.length > 0; round += 1) {
    const stored = yield* load(refs.map((ref) => keyOf(ref.record, ref.subject)));
    if (isHearthError(stored)) return stored;
    try {
      for (const [at, ref] of refs.entries())
        held.push(ref.view(readRecord(ref.record, ref.subject, stored[at]).state));
      const answer = region(held);
      if (typeof answer !== 'object') return answer;
      refs = answer;
    } catch (cause) {
      if (isHearthError(cause)) return cause;
      return new HearthError('step-failed', 'A residence gave no answer.', { cause });
    }
  }
  return undefined;
}
