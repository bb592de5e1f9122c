import { createHash } from 'node:crypto';
import { encodeMqtt, HearthError, isHearthError } from '@hearth/core/event';
import { byteLength, partitionOf, type Outgoing } from '@hearth/core/ports';

/** A message as Pub/Sub takes it. */
export interface PubsubMessage {
  readonly data: Buffer;
  readonly attributes: Record<string, string>;
  readonly orderingKey?: string;
}

/**
 * How events are sent. `structured`: the stored bytes, with the attributes beside them, so that subscriptions can filter. `binary`: the
 * data, and the attributes with `ce-` before their names.
 */
export type PubsubMode = 'structured' | 'binary';

// https://cloud.google.com/pubsub/quotas#resource_limits
const maxAttributes = 100;
const maxValueBytes = 1_024;
const maxKeyBytes = 1_024;
const maxBytes = 10_000_000;

const structured = 'application/cloudevents+json; charset=utf-8';
const notAttributes = new Set(['data', 'data_base64', 'datacontenttype']);

/** The message of an event, or why Pub/Sub would not take it; one that cannot be written takes no other with it. */
export function messageOf(outgoing: Outgoing, mode: PubsubMode): PubsubMessage | HearthError {
  try {
    return limited(outgoing, mode);
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    return new HearthError('invalid-event', 'The event cannot be written as a message.', { cause });
  }
}

function limited(outgoing: Outgoing, mode: PubsubMode): PubsubMessage | HearthError {
  const message = (mode === 'binary' ? binaryOf(outgoing) : undefined) ?? structuredOf(outgoing);
  if (message.data.length <= maxBytes) return message;
  const size = message.data.length;
  const text = `The event "${outgoing.event.id}" has ${size} bytes; Pub/Sub takes ${maxBytes}.`;
  return new HearthError('limit-exceeded', text);
}

function structuredOf(outgoing: Outgoing): PubsubMessage {
  // The attributes are repeated for filters only; what does not fit there is in the body.
  const fitting = attributesIn(outgoing)
    .filter(fits)
    .slice(0, maxAttributes - 2);
  return {
    data: Buffer.from(outgoing.body),
    attributes: {
      ...Object.fromEntries(fitting),
      'content-type': structured,
      ...traceOf(outgoing),
    },
    ...keyOf(outgoing),
  };
}

/** An event whose attributes do not fit, or whose data is labelled as an event itself, can only be sent in structured mode. */
function binaryOf(outgoing: Outgoing): PubsubMessage | undefined {
  const { event } = outgoing;
  const attributes = attributesIn(outgoing);
  if (!attributes.every(fits) || attributes.length > maxAttributes - 2) return undefined;
  if (/^application\/cloudevents/i.test(event.datacontenttype ?? '')) return undefined;
  const { payload, properties } = encodeMqtt(event);
  const type = properties?.contentType;
  return {
    data: Buffer.from(payload),
    attributes: {
      ...Object.fromEntries(attributes),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...traceOf(outgoing),
    },
    ...keyOf(outgoing),
  };
}

type Attribute = readonly [name: string, value: string];

function attributesIn({ event }: Outgoing): readonly Attribute[] {
  return Object.entries(event)
    .filter(([name, value]) => !notAttributes.has(name) && value !== undefined)
    .map(([name, value]) => [`ce-${name}`, String(value)]);
}

const fits = ([name, value]: Attribute): boolean =>
  name.length <= 256 && byteLength(value) <= maxValueBytes;

function traceOf({ traceparent }: Outgoing): Readonly<Record<string, string>> {
  return traceparent === undefined ? {} : { traceparent };
}

function keyOf(outgoing: Outgoing): Pick<PubsubMessage, 'orderingKey'> {
  const partition = partitionOf(outgoing.event);
  if (partition === '') return {};
  if (byteLength(partition) <= maxKeyBytes) return { orderingKey: partition };
  return { orderingKey: createHash('sha256').update(partition).digest('base64url') };
}
