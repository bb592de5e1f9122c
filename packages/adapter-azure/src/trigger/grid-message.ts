import { fromBase64, isBase64 } from '@hearth/core/event';
import { recordOf, textOf } from '@hearth/core/trigger';
import type { AzureMessage } from './message.ts';

/** The type of the events that carry what a device sent to IoT Hub. */
export const telemetryType = 'Microsoft.Devices.DeviceTelemetry';

/** An event of Event Grid in either schema, as far as it can be read. */
export interface GridEvent {
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly type: string | undefined;
  readonly subject: string | undefined;
  readonly time: string | undefined;
  readonly data: unknown;
  /** The whole of it as a CloudEvent, or what came if it is neither. */
  readonly json: unknown;
}

/** Reads an event of Event Grid. */
export function gridEvent(value: unknown): GridEvent {
  const event = recordOf(value);
  const isOwn = event['specversion'] === undefined && typeof event['eventType'] === 'string';
  const { id, subject, data } = event;
  const [source, type, time] = isOwn
    ? [event['topic'], event['eventType'], event['eventTime']]
    : [event['source'], event['type'], event['time']];
  const cloud = { specversion: '1.0', id, source, type, subject, time, data };
  return {
    id: textOf(id),
    source: textOf(source),
    type: textOf(type),
    subject: textOf(subject),
    time: textOf(time),
    data,
    // A value that is left out is no value that is wrong.
    json: isOwn ? present(cloud) : (value ?? null),
  };
}

function present(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

const nothing = {};

/** What may be known of an event's sender: nothing but the event. */
export function gridMessage({ json }: GridEvent): AzureMessage {
  return { body: json, properties: nothing, systemProperties: nothing };
}

/** The message of a device in an event of telemetry. Its body is base64, unless the device said that it is JSON in UTF-8. */
export function telemetryMessage({ data }: GridEvent): AzureMessage & { readonly json?: unknown } {
  const { body, properties, systemProperties } = recordOf(data);
  const system = recordOf(systemProperties);
  const contentType = textOf(system['iothub-content-type']);
  const isText = /^utf-?8$/i.test(textOf(system['iothub-content-encoding']) ?? '');
  const isJson = isText && /^application\/json\s*(?:;|$)/i.test(contentType ?? '');
  const message = { properties: recordOf(properties), systemProperties: system, contentType };
  if (isJson || typeof body !== 'string')
    return { ...message, body: undefined, json: body ?? null };
  return { ...message, body: isBase64(body) ? fromBase64(body) : body };
}
