/**
 * A CloudEvent 1.0: a plain, readonly object whose attributes are its own properties.
 *
 * `T` is the literal type name, `D` the type of `data`. An absent `data` is not a `data` of `null`
 * (CloudEvents 1.0.2 JSON format §3.1). Binary data is kept as base64 text in `data_base64`; an
 * event never has both. `time` keeps its text to the digit. Extension attributes not named here
 * are `string | number | boolean`; they are typed `unknown` because an index signature must also
 * cover `data`.
 */
export interface CloudEvent<T extends string = string, D = unknown> {
  readonly specversion: '1.0';
  /** Unique within `source`: the two together are the identity of the event. */
  readonly id: string;
  /** URI-reference of the context in which the event happened. */
  readonly source: string;
  readonly type: T;
  /** What the event is about: a device, a home, a person, a rollout. */
  readonly subject?: string;
  /** RFC 3339 timestamp. */
  readonly time?: string;
  /** RFC 2046 media type of `data`; absent means JSON. */
  readonly datacontenttype?: string;
  /** Absolute URI of the schema of `data`. */
  readonly dataschema?: string;
  readonly data?: D;
  readonly data_base64?: string;
  /** Groups the events of one story. Extension `correlation`. */
  readonly correlationid?: string;
  /** The `id` of the event that caused this one. Extension `correlation`. */
  readonly causationid?: string;
  /** W3C trace context in which the story started. Extension `distributed-tracing`. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** What is kept in order together: the home a device lives in. Extension `partitioning`. */
  readonly partitionkey?: string;
  /** Lexicographically increasing within one `source`. Extension `sequence`. */
  readonly sequence?: string;
  /** RFC 3339 timestamp after which the event may be dropped. Extension `expirytime`. */
  readonly expirytime?: string;
  /** `<record hash>.<padded counter>`: a receiver that keeps the newest drops the lower ones. */
  readonly recordseq?: string;
  /** How many cascades of the app led to this event. */
  readonly hearthdepth?: number;
  readonly [extension: string]: unknown;
}

/** The value of a CloudEvents attribute; a number is a 32-bit integer. */
export type AttributeValue = string | number | boolean;
