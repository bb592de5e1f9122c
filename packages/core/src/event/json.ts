import { checkEvent, inOrder } from './attributes.ts';
import type { CloudEvent } from './cloud-event.ts';
import { parseJson, writeJson } from './data.ts';
import { invalid, type HearthError } from './error.ts';
import type { Limits } from './limits.ts';
import type { Body } from './utf8.ts';

/**
 * Reads one event in the JSON format (CloudEvents 1.0.2 JSON format §3).
 *
 * All of it is checked and nothing is invented: an event without `time` has none. `data` is what
 * the text says, and `time` keeps its digits and its offset.
 *
 * @throws {HearthError} `invalid-event` with the `field`, or `limit-exceeded`.
 */
export function decodeStructured(body: Body, limits?: Partial<Limits>): CloudEvent {
  return checkEvent(parseJson(body, 1, limits), limits);
}

/**
 * Writes one event in the JSON format, after checking it.
 *
 * Equal events give equal text: their attributes come in one order.
 *
 * @throws {HearthError} `invalid-event` with the `field`, or `limit-exceeded`.
 */
export function encodeStructured(event: CloudEvent, limits?: Partial<Limits>): string {
  return writeJson(inOrder(checkEvent(event, limits)));
}

/**
 * Reads a batch of events (CloudEvents 1.0.2 JSON format §4), in order.
 *
 * An element that is no valid event becomes its error and leaves the others alone. The limits of
 * bytes and depth hold for the batch as a whole.
 *
 * @throws {HearthError} `invalid-event` if the body is not a JSON array, or `limit-exceeded`.
 */
export function decodeBatch(
  body: Body,
  limits?: Partial<Limits>,
): readonly (CloudEvent | HearthError)[] {
  const elements = parseJson(body, 2, limits);
  if (!Array.isArray(elements)) throw invalid('body', 'must be a JSON array');
  return elements.map((element: unknown) => {
    try {
      return checkEvent(element, limits);
    } catch (error) {
      // Nothing else is thrown above: the element is what JSON made of a text.
      return error as HearthError;
    }
  });
}

/**
 * Writes a batch of events, after checking each.
 *
 * @throws {HearthError} `invalid-event` if one of them is not valid.
 */
export function encodeBatch(events: readonly CloudEvent[], limits?: Partial<Limits>): string {
  return `[${events.map((event) => encodeStructured(event, limits)).join()}]`;
}
