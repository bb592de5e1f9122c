import { HearthError, handle, isHearthError } from '@hearth/core';
import type { App, Handled, Input, Runtime } from '@hearth/core';
import { anonymous } from '@hearth/core/trigger';
import { answered } from '../answered.ts';
import type { MqttMessage } from '../decode.ts';
import type { Link } from '../link.ts';
import type { MqttWire, WireMessage, WireRequest } from './wire.ts';

/** An input that is made, and answered, by a wire. */
interface Requested extends Input {
  readonly order: string;
  readonly request: WireRequest;
}

const unread = new HearthError('invalid-event', 'The message has not been read.');

/** What a message asks for on the first wire that knows its topic; `undefined` if it is on none. */
export function requested(
  wires: readonly MqttWire[],
  message: MqttMessage,
  transportId: () => string,
): Requested | undefined {
  for (const wire of wires) {
    const request = readBy(wire, message, transportId);
    if (request !== undefined)
      return { event: unread, principal: anonymous, order: request.order, request };
  }
  return undefined;
}

/** A function of the user may throw; then the message is none of the wire's. */
function readBy(wire: MqttWire, message: MqttMessage, transportId: () => string) {
  try {
    return wire.read(message, transportId);
  } catch {
    return undefined;
  }
}

const isRequested = (input: Input): input is Requested => 'request' in input;

/** Handles inputs, those of wires too, and answers these. What could not be answered must come again, unless it never can be. */
export function speaking(app: App, runtime: Runtime, link: Link) {
  return async (inputs: readonly Input[]): Promise<readonly Handled[]> => {
    if (!inputs.some(isRequested)) return handle(app, inputs, runtime, { order: 'key' });
    const meant = await Promise.all(inputs.map(meantBy));
    const known = meant.filter((one): one is Input => !isHearthError(one));
    const all = [...(await handle(app, known, runtime, { order: 'key' }))];
    const handled = meant.map((one): Handled => {
      if (isHearthError(one)) return { verdict: 'retry', code: one.code };
      return all.shift() ?? { verdict: 'retry' };
    });
    return Promise.all(
      handled.map(async (one, index) => {
        const input = inputs[index];
        return input !== undefined && isRequested(input) && one.verdict !== 'retry'
          ? answer(input.request, one, link)
          : one;
      }),
    );
  };
}

/** The input that is handled, or why it cannot be made now. */
async function meantBy(input: Input): Promise<Input | HearthError> {
  if (!isRequested(input)) return input;
  try {
    return await input.request.input();
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    return new HearthError('store-unavailable', 'The twin could not be read.', { cause });
  }
}

const timeoutMs = 10_000;

async function answer(request: WireRequest, handled: Handled, link: Link): Promise<Handled> {
  try {
    for (const message of await request.answer(handled)) await sendTo(link, message, timeoutMs);
    return handled;
  } catch (error) {
    const reason = isHearthError(error) ? error.code : 'unknown';
    link.logger.warn({ reason }, 'A device could not be answered.');
    return isHearthError(error) && error.retryable
      ? { verdict: 'retry', code: error.code }
      : handled;
  }
}

/** Sends one message to a device. */
export function sendTo(link: Link, message: WireMessage, withinMs: number): Promise<void> {
  const { topic, payload } = message;
  return answered(link.publish(topic, payload, {}), topic, withinMs);
}
