import { checkEvent } from './attributes.ts';
import { fromBase64, toBase64 } from './base64.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { Limits } from './limits.ts';

/** The `CloudEventV1` of the `cloudevents` package, structurally: it is never imported. */
export interface SdkEvent<D = unknown> {
  specversion: string;
  id: string;
  source: string;
  type: string;
  subject?: string;
  time?: string;
  datacontenttype?: string;
  dataschema?: string;
  data?: D;
  data_base64?: string;
  [extension: string]: unknown;
}

/**
 * Gives an event as the `cloudevents` package holds it, to be passed to `new CloudEvent(…)`.
 *
 * Binary data stands in `data` as bytes and in `data_base64` as text. Know that the package
 * invents a `time` where there is none, and cuts one to milliseconds when it writes it.
 */
export function toSdk<D>(event: CloudEvent<string, D>): SdkEvent<D | Uint8Array> {
  const { data_base64 } = event;
  if (data_base64 === undefined) return { ...event };
  return { ...event, data: fromBase64(data_base64) };
}

/**
 * Takes an event made by the `cloudevents` package, which checks less, and checks it.
 *
 * @throws {HearthError} `invalid-event` with the `field`, or `limit-exceeded`.
 */
export function fromSdk<D>(
  event: SdkEvent<D>,
  limits?: Partial<Limits>,
): CloudEvent<string, Exclude<D, ArrayBufferView>> {
  const { data, ...rest } = event;
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : undefined;
  // The package keeps binary data twice; the text is right even where the bytes are not.
  if (bytes !== undefined && rest.data_base64 === undefined) rest.data_base64 = toBase64(bytes);
  const content = rest.data_base64 === undefined ? { data } : {};
  return checkEvent({ ...rest, ...content }, limits) as never;
}
