import { checkEvent } from './attributes.ts';
import type { CloudEvent } from './cloud-event.ts';
import { readData, writeData } from './data.ts';
import { invalid } from './error.ts';
import type { Limits } from './limits.ts';
import { formatOf } from './media-type.ts';
import type { Body } from './utf8.ts';

// What the binary modes of all bindings have in common: attributes are text, the body is the data.

/** The content type of one event in the JSON format. */
export const structuredType = 'application/cloudevents+json; charset=utf-8';

/**
 * Makes an event of attributes, media type and body, and checks it.
 *
 * A sender may repeat the media type as an attribute, as the example of the MQTT binding (§3.1.4)
 * does, but it must be the same.
 */
export function readBinary(
  pairs: Iterable<readonly [name: string, value: string]>,
  type: string | undefined,
  body: Body,
  limits?: Partial<Limits>,
): CloudEvent {
  // Made of entries, not by assignment, so that no name can reach a setter, such as `__proto__`.
  const event = Object.fromEntries<unknown>(pairs);
  if ('data' in event || 'data_base64' in event) throw invalid('data', 'must be the body');
  if (type) event['datacontenttype'] ??= type;
  if (type && type !== event['datacontenttype'])
    throw invalid('datacontenttype', 'must be sent once');
  readData(event, body, limits);
  return checkEvent(event, limits);
}

/**
 * Takes an event apart for binary mode, after checking it: type, attributes by name, body.
 *
 * Data without a type is JSON and is labelled so (CloudEvents 1.0.2 JSON format §3.1.2).
 */
export function writeBinary(
  event: CloudEvent,
  limits: Partial<Limits> | undefined,
): { type: string | undefined; attributes: [name: string, value: string][]; body: Body } {
  const checked = checkEvent(event, limits);
  const { data, data_base64: _, datacontenttype, ...attributes } = checked;
  const type = datacontenttype ?? (data === undefined ? undefined : 'application/json');
  // A reader would take data that is labelled as a CloudEvent for the event itself.
  if (formatOf(type)) {
    throw invalid('datacontenttype', 'must be sent in structured mode', 'unsupported-media-type');
  }
  const pairs = Object.entries(attributes).map(([name, value]) => [name, String(value)]);
  return { type, attributes: pairs as [string, string][], body: writeData(checked) };
}
