import { handle, isHearthError, type Handled, type Input, type Runtime } from '@hearth/core';
import { decodeStructured, encodeStructured } from '@hearth/core/event';
import type {
  HostAnswer,
  OpenTrigger,
  TriggerCase,
  TriggerHarness,
  TriggerMessage,
} from './trigger-case.ts';

/** A trigger with one defect, and the names of exactly the cases that must fail because of it. */
export interface BrokenTrigger {
  readonly name: string;
  readonly breaks: readonly string[];
  readonly open: OpenTrigger;
}

/** What a twin does otherwise than the trigger without a host. */
export interface TriggerDefect {
  /** Changes the runtime. */
  readonly runtime?: (runtime: Runtime) => Runtime;
  /** Changes what was decoded. */
  readonly input?: (input: Input, message: TriggerMessage) => Input;
  /** Translates a verdict. */
  readonly answer?: (handled: Handled, input: Input) => HostAnswer;
  /** Delivers otherwise. */
  readonly deliver?: (
    messages: readonly TriggerMessage[],
    deliver: TriggerHarness['deliver'],
  ) => Promise<readonly HostAnswer[]>;
}

/** A trigger without a host: messages are texts in structured mode, and answers are verdicts. With a defect, a broken twin of it. */
export function directTrigger(defect: TriggerDefect = {}): OpenTrigger {
  const { runtime: rework = (runtime) => runtime, input: change = (input) => input } = defect;
  const { answer = answerOf, deliver: redo = (messages, normal) => normal(messages) } = defect;
  return async (app, runtime) => {
    const deliver = async (messages: readonly TriggerMessage[]) => {
      const inputs = messages.map((message) => change(decode(message), message));
      const handled = await handle(app, inputs, rework(runtime), { order: 'key' });
      return handled.map((each, index) => answer(each, inputs[index] as Input));
    };
    return { ordered: true, deliver: (messages) => redo(messages, deliver) };
  };
}

/** Describes a twin by its defect. */
export function brokenTrigger(
  name: string,
  breaks: readonly string[],
  defect: TriggerDefect,
): BrokenTrigger {
  return { name, breaks, open: directTrigger(defect) };
}

function decode(message: TriggerMessage): Input {
  const { principal } = message;
  const raw = 'raw' in message ? message.raw : encodeStructured(message.event);
  try {
    return { event: decodeStructured(raw), principal, raw };
  } catch (error) {
    if (!isHearthError(error)) throw error;
    return { event: error, principal, raw };
  }
}

/** What a host does that delivers again whatever it is not told to forget. */
export function answerOf({ verdict }: Handled): HostAnswer {
  return verdict === 'retry' ? 'redelivered' : 'acknowledged';
}

/** Runs cases one by one and names those that fail. */
export async function failingTriggerCases(
  cases: readonly TriggerCase[],
  open: OpenTrigger,
): Promise<readonly string[]> {
  const failing: string[] = [];
  for (const { name, run } of cases) await run(open).catch(() => failing.push(name));
  return failing;
}
