import { deepEqual, ok } from 'node:assert/strict';
import { read, type App, type DeadLetter, type Principal, type Runtime } from '@hearth/core';
import type { CloudEvent } from '@hearth/core/event';
import {
  memoryPublisher,
  memoryStore,
  type MemoryPublisher,
  type MemoryStore,
} from '@hearth/core/ports';
import { simulatedClock } from '../../clock.ts';
import { meter, type MeterState } from './meter.ts';

/** One message on its way to a trigger: an event, or a payload that is none, and who sends it. */
export type TriggerMessage =
  | { readonly principal: Principal; readonly event: CloudEvent }
  | { readonly principal: Principal; readonly raw: string };

/**
 * What the host does with a message. `acknowledged`: it forgets it. `refused`: it keeps it among its own dead letters and does not
 * deliver it again. `redelivered`: it delivers it again, by itself or with others.
 */
export type HostAnswer = 'acknowledged' | 'refused' | 'redelivered';

/** A trigger with its host: a real one, or one that behaves like it. */
export interface TriggerHarness {
  /**
   * Hands messages to the trigger, in order and, where the host knows deliveries of several, in one of them. The channel proves each
   * message's principal. Resolves when the trigger has answered; nothing is delivered again by itself.
   */
  deliver(messages: readonly TriggerMessage[]): Promise<readonly HostAnswer[]>;
  /** Says that the messages of one subject are handled in their order. */
  readonly ordered?: true;
  close?(): Promise<void>;
}

/** Starts a trigger for an app on a runtime. What it opens, `close` ends; the cases call it. */
export type OpenTrigger = (app: App, runtime: Runtime) => Promise<TriggerHarness>;

/** One claim about every trigger. `run` rejects if the trigger does not keep it. */
export interface TriggerCase {
  readonly name: string;
  run(open: OpenTrigger): Promise<void>;
}

/** What a trigger of a case works on. */
export interface World {
  readonly runtime: Runtime;
  readonly store: MemoryStore;
  readonly publisher: MemoryPublisher;
  readonly deadLetters: MemoryPublisher;
}

/** A world in which nothing has happened; `rest` changes its runtime. */
export function world(rest: (world: World) => Partial<Runtime> = () => ({})): World {
  const store = memoryStore();
  const publisher = memoryPublisher();
  const deadLetters = memoryPublisher();
  // The core waits between its own tries; a clock that moves by itself makes that instant.
  const clock = simulatedClock(Date.UTC(2024, 0, 1), { autoAdvance: true });
  const plain = {
    store,
    publisher,
    deadLetters,
    runtime: { store, publisher, deadLetters, clock },
  };
  return { ...plain, runtime: { ...plain.runtime, ...rest(plain) } };
}

/** An event of a meter, said by the meter itself. */
export function message(
  id: string,
  rest: Partial<CloudEvent> = {},
  subject = 'm1',
): { readonly principal: Principal; readonly event: CloudEvent } {
  const event: CloudEvent = {
    specversion: '1.0',
    id,
    source: `urn:acme:meter:${subject}`,
    type: 'com.acme.meter.counted',
    subject,
    data: { by: 1 },
    ...rest,
  };
  return { principal: { kind: 'device', id: subject }, event };
}

/** A payload that is no event, sent by a meter. */
export function garbage(raw: string, subject = 'm1'): TriggerMessage {
  return { principal: { kind: 'device', id: subject }, raw };
}

/** The state of a meter. */
export async function stateOf({ store }: World, subject = 'm1'): Promise<MeterState> {
  return (await read({ store }, meter.ref(subject))).state;
}

/** What the dead letters say. */
export function lettersOf({ deadLetters }: World): readonly DeadLetter[] {
  return deadLetters.published.map(({ event }) => event.data as DeadLetter);
}

/** Insists that a message is not delivered again, and that it is kept somewhere, with this reason where it is known. */
export function assertBuried(at: World, answer: HostAnswer | undefined, code?: string): void {
  // A host that keeps dead letters itself has its own words for reasons.
  if (answer === 'refused') return;
  deepEqual(answer, 'acknowledged');
  const codes = lettersOf(at).map((letter) => letter.code);
  ok(codes.length > 0, 'It is acknowledged and no dead letter has it.');
  if (code !== undefined) ok(codes.includes(code), `The dead letters say ${codes.join()}.`);
}

/** Opens a trigger, delivers, closes it, and gives the answers. */
export async function deliver(
  open: OpenTrigger,
  app: App,
  runtime: Runtime,
  messages: readonly TriggerMessage[],
): Promise<readonly HostAnswer[]> {
  const trigger = await open(app, runtime);
  try {
    const answers = await trigger.deliver(messages);
    deepEqual(answers.length, messages.length, 'There is not one answer for each message.');
    return answers;
  } finally {
    await trigger.close?.();
  }
}
