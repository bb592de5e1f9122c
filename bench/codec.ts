import {
  decodeHttp,
  decodeStructured,
  encodeHttpStructured,
  type CloudEvent,
} from '@hearth/core/event';
import { CloudEvent as SdkCloudEvent, HTTP } from 'cloudevents';
import type { Figures } from './figure.ts';
import { duel, type Duel } from './rounds.ts';

const events: readonly CloudEvent[] = Array.from({ length: 1_000 }, (_, i) => ({
  specversion: '1.0',
  id: `8f0c7a52-4f3e-4f4b-9a53-${String(i).padStart(12, '0')}`,
  source: 'urn:acme:device:t1',
  type: 'com.acme.thermostat.temperature',
  subject: `thermostat-${i}`,
  time: '2026-01-01T07:30:00.250Z',
  datacontenttype: 'application/json',
  partitionkey: 'home-1',
  data: { celsius: 18 + (i % 50) / 10, battery: 80, unit: 'C' },
}));
const texts = events.map((event) => JSON.stringify(event));

// As node:http gives them to a server.
const transport = {
  host: 'localhost:8080',
  'user-agent': 'Go-http-client/1.1',
  'content-length': '312',
  'accept-encoding': 'gzip',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const structured = texts.map((body) => ({
  headers: { ...transport, 'content-type': 'application/cloudevents+json; charset=utf-8' },
  body,
}));
const binary = events.map(({ data, datacontenttype, ...attributes }) => ({
  headers: {
    ...transport,
    'content-type': datacontenttype ?? '',
    ...Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]),
    ),
  },
  body: JSON.stringify(data),
}));
const sdkEvents = events.map((event) => new SdkCloudEvent({ ...event } as object));

// What was made last is kept, or the compiler may find out that nobody wants it.
let kept: unknown;

/** One operation on each of the thousand inputs in turn. */
function each<T>(inputs: readonly T[], operation: (input: T) => unknown) {
  return (count: number): void => {
    for (let i = 0; i < count; i += 1) kept = operation(inputs[i % 1_000] as T);
  };
}

/** Measures the codec against the SDK on equal messages, and against the JSON parser that both of them need. */
export async function measure(): Promise<Figures> {
  const sdkDecode = (message: (typeof structured)[number]) => HTTP.toEvent(message);
  const decode = await duel(each(structured, decodeHttp), each(structured, sdkDecode));
  const decodeBinary = await duel(each(binary, decodeHttp), each(binary, sdkDecode));
  const encode = await duel(
    each(events, encodeHttpStructured),
    each(sdkEvents, (event) => HTTP.structured(event)),
  );
  const parse = await duel(
    each(texts, (text) => decodeStructured(text)),
    each(texts, (text) => JSON.parse(text) as unknown),
  );
  if (kept === undefined) throw new Error('Nothing was measured.');
  return {
    'codec.structured.decode': faster(decode, 'cloudevents 10, HTTP.toEvent, unvalidated'),
    'codec.binary.decode': faster(decodeBinary, 'cloudevents 10, HTTP.toEvent, unvalidated'),
    'codec.structured.encode': faster(encode, 'cloudevents 10, HTTP.structured'),
    'codec.structured.vsJsonParse': {
      value: 1e6 / parse.ours.perSecond,
      best: 1e6 / parse.ours.best,
      unit: 'µs',
      ratio: 1 / parse.ratio,
      against: 'JSON.parse of the same text',
    },
  };
}

function faster({ ours, ratio }: Duel, against: string) {
  return { value: ours.perSecond, best: ours.best, unit: 'events/s', ratio, against };
}
