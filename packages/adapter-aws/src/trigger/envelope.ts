import { recordOf, textOf } from '@hearth/core/trigger';

/** A notification of SNS, as it stands in the body of a message. */
export interface SnsNotification {
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly Timestamp?: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Value?: unknown }>>;
}

/** An event of EventBridge. */
export interface EventBridgeEvent {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: unknown;
  readonly time?: string;
  readonly account?: string;
  readonly region?: string;
  readonly resources?: readonly string[];
}

/** A record of an event notification of S3. */
export interface S3Record {
  readonly eventSource: 'aws:s3';
  readonly eventName: string;
  readonly eventTime?: string;
  readonly s3: {
    readonly bucket: { readonly name: string };
    /** The key is encoded as in a form: a space is `+`. */
    readonly object: {
      readonly key: string;
      readonly size?: number | undefined;
      readonly eTag?: string | undefined;
      readonly versionId?: string | undefined;
      readonly sequencer?: string | undefined;
    };
  };
}

/** What a rule of AWS IoT with the SQL of `iotRuleSql` makes of a message. */
export interface IotMessage {
  readonly data_base64: string;
  readonly topic: string;
  readonly clientid: string;
  readonly principal?: string;
  readonly ts?: number;
  readonly traceid?: string;
  /** The content type of MQTT 5. */
  readonly ct?: string;
  /** The user properties of MQTT 5, in their order. */
  readonly properties?: readonly Readonly<Record<string, string>>[];
}

/** What a message was wrapped in. */
export type Envelope =
  | { readonly kind: 'sns'; readonly sns: SnsNotification }
  | { readonly kind: 'event-bridge'; readonly event: EventBridgeEvent }
  | { readonly kind: 's3'; readonly records: readonly unknown[] }
  | { readonly kind: 'iot'; readonly iot: IotMessage };

/** Tells what envelope a parsed body is. A CloudEvent is none, whatever else it has. */
export function envelopeOf(value: unknown): Envelope | undefined {
  const it = recordOf(value);
  if (Object.hasOwn(it, 'specversion')) return undefined;
  if (it['Type'] === 'Notification' && isSns(it)) return { kind: 'sns', sns: it };
  if (isEventBridge(it)) return { kind: 'event-bridge', event: it };
  if (isS3(it)) return { kind: 's3', records: it['Records'] as readonly unknown[] };
  return isIot(it) ? { kind: 'iot', iot: it } : undefined;
}

type Parsed = Readonly<Record<string, unknown>>;

/** Whether it is a notification of SNS; those that Lambda hands in have the `Type` as well. */
export function isSns(it: Parsed): it is Parsed & SnsNotification {
  return [it['MessageId'], it['TopicArn'], it['Message']].every((one) => typeof one === 'string');
}

/** Whether it is an event of EventBridge. */
export function isEventBridge(it: Parsed): it is Parsed & EventBridgeEvent {
  return [it['id'], it['source'], it['detail-type']].every(textOf) && Object.hasOwn(it, 'detail');
}

function isS3(it: Parsed): boolean {
  const { Records: records } = it;
  return (
    Array.isArray(records) &&
    records.length > 0 &&
    records.every((record) => recordOf(record)['eventSource'] === 'aws:s3')
  );
}

/** Whether it has the shape of `iotRuleSql`. Anybody can send this shape: it proves something only where nobody but the rule may send. */
export function isIot(it: Parsed): it is Parsed & IotMessage {
  return [it['data_base64'], it['topic'], it['clientid']].every((one) => typeof one === 'string');
}

// Most messages are no envelopes, and parsing them only to find that out would cost as much as reading them.
const marks = /"(?:TopicArn|detail-type|data_base64|Records)"/;

/** The envelope in a body, if it is one. */
export function envelopeIn(body: unknown): Envelope | undefined {
  const text = typeof body === 'string' ? body : ArrayBuffer.isView(body) ? textIn(body) : '';
  if (!marks.test(text)) return undefined;
  try {
    return envelopeOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function textIn({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return bytes[0] === 0x7b ? bytes.toString() : '';
}
