import { HearthError, isHearthError } from '@hearth/core';
import type { CloudEvent, Outgoing, Publisher, PublishResult } from '@hearth/core';
import { encodeMqtt, topicPattern } from '@hearth/core/event';
import type { IClientPublishOptions } from 'mqtt';
import type { MqttConnection } from './connection.ts';
import type { Link } from './link.ts';
import { linkOf } from './mqtt-connection.ts';
import { answered } from './answered.ts';
import { sendTo } from './wires/speaking.ts';
import type { MqttWire } from './wires/wire.ts';

/** Where events of one type go. */
export interface MqttRoute {
  /** The topic, in which `{subject}` and other `{attributes}` stand for those of the event: `device/{subject}/desired`. */
  readonly topic: string;
  /** Whether the broker keeps the last one for whoever subscribes later. */
  readonly retain?: boolean;
  /**
   * `event`, unless given: the whole CloudEvent in structured mode. `data`: its data alone, for devices that know nothing of
   * CloudEvents; over MQTT 5 the attributes are beside it, as user properties. A function writes it itself, for what is no device.
   */
  readonly payload?: 'event' | 'data' | ((event: CloudEvent) => string);
}

/** Where events go, by their type; a text is a topic. */
export type MqttRoutes = Readonly<Record<string, MqttRoute | string>>;

/** How a publisher publishes. */
export interface MqttPublisherOptions {
  readonly broker: MqttConnection;
  readonly topics: MqttRoutes;
  /** What devices in the field speak besides: they are told in their own words, too. */
  readonly wires?: readonly MqttWire[];
  /**
   * What becomes of a type that has no topic. `skip`, unless given: it was for the app's own handlers. `fail`: it becomes a dead letter.
   * A dead letter itself (`hearth.deadletter`) is never skipped.
   */
  readonly unrouted?: 'skip' | 'fail';
  /** How long the broker has to answer: 10,000 ms unless given. */
  readonly timeoutMs?: number;
}

/**
 * Publishes events to topics at QoS 1; an event is published once the broker has acknowledged it.
 *
 * Events of one partition go one after the other, and none after one that failed. What the broker refuses for good fails for good
 * (`not-permitted`, `invalid-topic`, `limit-exceeded`, `invalid-data`); without a connection everything fails at once, to be tried again.
 *
 * @throws {HearthError} `invalid-topic` for a topic that is none.
 */
export function mqttPublisher(options: MqttPublisherOptions): Publisher {
  const { broker, topics, wires = [], unrouted = 'skip', timeoutMs = 10_000 } = options;
  const link = linkOf(broker);
  const routes = new Map(Object.entries(topics).map(([type, route]) => [type, compiled(route)]));

  const publishOne = async (outgoing: Outgoing): Promise<PublishResult> => {
    const { event } = outgoing;
    const route = routes.get(event.type);
    const told = wires.filter(({ tells }) => tells.includes(event.type));
    if (
      route === undefined &&
      told.length === 0 &&
      unrouted === 'skip' &&
      event.type !== 'hearth.deadletter'
    )
      return published;
    try {
      if (route === undefined && told.length === 0) throw noTopic(event);
      if (route !== undefined) await send(link, route, outgoing, timeoutMs);
      for (const wire of told) {
        for (const message of await wire.tell(event)) await sendTo(link, message, timeoutMs);
      }
      return published;
    } catch (error) {
      if (isHearthError(error)) return { outcome: 'failed', error };
      throw error;
    }
  };
  return { ordered: true, publish: (events) => inPartitions(events, publishOne) };
}

const published: PublishResult = { outcome: 'published' };

interface Route {
  readonly pattern: string;
  readonly build: (event: CloudEvent) => string;
  readonly retain: boolean;
  readonly payload: NonNullable<MqttRoute['payload']>;
}

function compiled(given: MqttRoute | string): Route {
  const {
    topic,
    retain = false,
    payload = 'event',
  } = typeof given === 'string' ? { topic: given } : given;
  const pattern = topicPattern(topic);
  const names = [...topic.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  // The pattern refuses an attribute that is missing.
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const build = (event: CloudEvent) =>
    pattern.build(Object.fromEntries(names.map((name) => [name, text(event[name])])));
  return { pattern: topic, build, retain, payload };
}

function noTopic({ type }: CloudEvent): HearthError {
  return new HearthError('invalid-option', `No topic is given for "${type}".`, { field: 'topics' });
}

/** Runs the events of each partition one after the other, and those of different partitions at once. */
async function inPartitions(
  events: readonly Outgoing[],
  publishOne: (outgoing: Outgoing) => Promise<PublishResult>,
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = events.map(() => ({ outcome: 'skipped' }));
  const partitions = new Map<string, number[]>();
  events.forEach(({ event }, index) => {
    const partition = event.partitionkey ?? event.subject ?? '';
    const known = partitions.get(partition);
    if (known === undefined) partitions.set(partition, [index]);
    else known.push(index);
  });
  const run = async (indexes: readonly number[]) => {
    for (const index of indexes) {
      const result = await publishOne(events[index] as Outgoing);
      results[index] = result;
      if (result.outcome === 'failed') return;
    }
  };
  await Promise.all([...partitions.values()].map(run));
  return results;
}

async function send(
  link: Link,
  route: Route,
  outgoing: Outgoing,
  timeoutMs: number,
): Promise<void> {
  const topic = route.build(outgoing.event);
  const { payload, properties } = messageOf(link.version, route, outgoing);
  assertFits(link, route, topic, payload);
  const options = { retain: route.retain, ...(properties === undefined ? {} : { properties }) };
  const sent = link.publish(topic, payload, options);
  await answered(sent, route.pattern, timeoutMs);
}

// What a packet has besides topic and payload, and what its properties may need.
const overhead = 64;

/** A broker ends the connection, and with it everything under way, over a packet that is larger than it said. */
function assertFits(
  { client }: Link,
  { pattern }: Route,
  topic: string,
  payload: string | Buffer,
): void {
  const most = client.serverProperties?.maximumPacketSize;
  if (most === undefined || (payload.length + topic.length) * 3 + overhead <= most) return;
  const size = Buffer.byteLength(payload) + Buffer.byteLength(topic) + overhead;
  if (size <= most) return;
  const message = `"${pattern}": the message has about ${size} bytes; the broker takes ${most}.`;
  throw new HearthError('limit-exceeded', message);
}

type Properties = NonNullable<IClientPublishOptions['properties']>;

function messageOf(
  version: 4 | 5,
  { payload: kind }: Route,
  { event, body, traceparent }: Outgoing,
): { readonly payload: string | Buffer; readonly properties?: Properties } {
  if (typeof kind === 'function') return { payload: written(event, kind) };
  if (version === 4) return { payload: kind === 'event' ? body : dataOf(event) };
  const expiry = expiryOf(event);
  if (kind === 'event') {
    const userProperties = traceparent === undefined ? {} : { userProperties: { traceparent } };
    return { payload: body, properties: { contentType, ...userProperties, ...expiry } };
  }
  const { payload, properties } = encodeMqtt(event, { version: 5, mode: 'binary' });
  return { payload: Buffer.from(payload), properties: { ...properties, ...expiry } };
}

function written(event: CloudEvent, write: (event: CloudEvent) => string): string {
  try {
    return write(event);
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    const message = `The payload of "${event.type}" could not be written.`;
    throw new HearthError('invalid-data', message, { field: 'payload', cause });
  }
}

const contentType = 'application/cloudevents+json; charset=utf-8';

function dataOf({ data, data_base64 }: CloudEvent): string | Buffer {
  if (data_base64 !== undefined) return Buffer.from(data_base64, 'base64');
  return data === undefined ? '' : JSON.stringify(data);
}

/** What the broker must not deliver any more once it has expired. */
function expiryOf({ expirytime, type }: CloudEvent): Properties {
  if (expirytime === undefined) return {};
  const leftMs = Date.parse(expirytime) - Date.now();
  if (leftMs <= 0)
    throw new HearthError('expired', `"${type}" had to be sent before ${expirytime}.`);
  return { messageExpiryInterval: Math.ceil(leftMs / 1000) };
}
