import { handle, defineApp, defineDevice, defineHome, defineRule, each, lives } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { nodeRuntime } from '@hearth/node';
import { commandPath, needs } from '@hearth/testing/needs';
import { SpanKind, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace';
import type { IPublishPacket } from 'mqtt';
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
} from 'vitest';
import * as z from 'zod';
import { aedes } from '../test/aedes.ts';
import { client, listener } from '../test/client.ts';
import { mosquitto } from '../test/mosquitto.ts';
import { silent } from '../test/thermostat.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { mqttPublisher } from './publisher.ts';
import { mqttTrigger } from './trigger.ts';
import { until } from '../test/until.ts';

const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({ celsius: z.number(), setpoint: z.number() }),
  initial: { celsius: 20, setpoint: 20 },
  writable: z.object({ setpoint: z.number() }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply: ({ celsius }, set) => set({ celsius }),
    },
  },
});
const home = defineHome({ type: 'com.acme.home', state: z.object({}), initial: {} });
const cold = defineRule({
  name: 'cold',
  per: home,
  watch: { thermostats: each(thermostat) },
  when: { cold: ({ thermostats }) => thermostats.some(({ state }) => state.celsius < 15) },
  emit: ({ thermostats }) =>
    thermostats.map(({ subject }) => thermostat.set(subject, { setpoint: 18 })),
});
const app = defineApp({ source: 'urn:acme:home', parts: [thermostat, home, cold] });

const exporter = new InMemorySpanExporter();

beforeEach(() => {
  exporter.reset();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
});

afterEach(() => trace.disable());

const start = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const hop = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const textOf = ({ traceId, spanId }: typeof hop) => `00-${traceId}-${spanId}-01`;

/** One reading that makes a home cold, and the wish that the broker gets for it. */
async function wishFor(url: string, version: 4 | 5, event: object, traceparent?: string) {
  const store = memoryStore();
  const bound = { specversion: '1.0', id: 'b', source: '/registry', ...lives('t1', 'h1') } as const;
  const quiet = nodeRuntime({ store, publisher: memoryPublisher(), logger: silent });
  await handle(app, [{ event: bound, principal: { kind: 'service', id: 'registry' } }], quiet);
  exporter.reset();
  const wishes = await listener(url, 'device/+/set', { protocolVersion: version });
  const broker = mqttConnection({ url, clientId: 'gateway', version, logger: silent });
  const topics = { 'com.acme.thermostat.set': 'device/{subject}/set' };
  const trigger = mqttTrigger(app, {
    broker,
    store,
    publisher: mqttPublisher({ broker, topics }),
    topics: { 'device/{device}/events': {} },
    principal: 'topic',
    logger: silent,
  });
  await trigger.ready;
  const device = await client(url, { protocolVersion: version });
  onTestFinished(async () => {
    await Promise.all([wishes.end(), device.endAsync(), trigger.stop()]);
    await broker.close();
  });
  await device.publishAsync('device/t1/events', JSON.stringify(event), {
    qos: 1,
    ...(traceparent === undefined ? {} : { properties: { userProperties: { traceparent } } }),
  });
  await until(() => wishes.packets.length > 0 && trigger.stats().done === 1);
  return { spans: exporter.getFinishedSpans(), wish: wishes.packets[0] as IPublishPacket };
}

const reading = {
  specversion: '1.0',
  id: 'r1',
  source: '/t1',
  type: 'com.acme.thermostat.temperature',
  subject: 't1',
  data: { celsius: 14 },
};

async function beside(test: TestContext): Promise<string> {
  const broker = await mosquitto(needs(test, commandPath('mosquitto'), 'mosquitto, the broker'));
  onTestFinished(() => broker.stop());
  return broker.url;
}

async function embedded(): Promise<string> {
  const broker = await aedes();
  onTestFinished(() => broker.stop());
  return broker.url;
}

const sentWith = ({ properties }: IPublishPacket) => properties?.userProperties?.['traceparent'];

const eventIn = ({ payload }: IPublishPacket) =>
  JSON.parse(payload.toString()) as Readonly<Record<string, unknown>>;

/** What was recorded of one event, with the names of other spans instead of their ids. */
function story(spans: readonly ReadableSpan[], known: Readonly<Record<string, string>> = {}) {
  const names = new Map(Object.entries(known));
  for (const span of spans) names.set(span.spanContext().spanId, span.name);
  const nameOf = (id: string | undefined) => id && (names.get(id) ?? id);
  return spans
    .map(({ name, kind, parentSpanContext, links }) => ({
      span: `${SpanKind[kind]} ${name.replace('com.acme.thermostat.', '')}`,
      parent: nameOf(parentSpanContext?.spanId)?.replace('com.acme.thermostat.', ''),
      links: links.map(({ context }) =>
        nameOf(context.spanId)?.replace('com.acme.thermostat.', ''),
      ),
    }))
    .toSorted((a, b) => (a.span < b.span ? -1 : 1));
}

/** The spans of that reading; a link or parent that is none of them has its name from `known`. */
const spansOf = (known: {
  readonly parent?: string;
  readonly link?: string;
  readonly wishLink: string;
}) => {
  const link = known.link === undefined ? [] : [known.link];
  return [
    { span: 'CONSUMER temperature process', parent: known.parent, links: link },
    { span: 'INTERNAL changed process', parent: 'temperature process', links: link },
    { span: 'INTERNAL set process', parent: 'changed process', links: [known.wishLink] },
    { span: 'PRODUCER changed publish', parent: 'temperature process', links: link },
    { span: 'PRODUCER desired publish', parent: expect.any(String) as string, links: link },
    { span: 'PRODUCER set publish', parent: 'changed process', links: [known.wishLink] },
  ];
};

const traceIds = (spans: readonly ReadableSpan[]) =>
  new Set(spans.map((span) => span.spanContext().traceId));

const named = (spans: readonly ReadableSpan[], name: string) =>
  spans.find((span) => span.name === `com.acme.thermostat.${name}`) as ReadableSpan;

describe('one reading over MQTT 5', () => {
  it('is one trace, which continues that of the message and links to where the story began', async (test) => {
    const event = { ...reading, traceparent: textOf(start) };
    const { spans, wish } = await wishFor(await beside(test), 5, event, textOf(hop));
    const known = { [start.spanId]: 'start', [hop.spanId]: 'hop' };
    const expected = spansOf({ parent: 'hop', link: 'start', wishLink: 'start' });
    expect(story(spans, known)).toEqual(expected);
    expect(traceIds(spans)).toEqual(new Set([hop.traceId]));
    expect(named(spans, 'temperature process').attributes).toEqual({
      'cloudevents.event_id': 'r1',
      'cloudevents.event_source': '/t1',
      'cloudevents.event_spec_version': '1.0',
      'cloudevents.event_type': 'com.acme.thermostat.temperature',
      'cloudevents.event_subject': 't1',
    });
    const { spanId } = named(spans, 'set publish').spanContext();
    expect(sentWith(wish)).toBe(textOf({ traceId: hop.traceId, spanId }));
    expect(eventIn(wish)['traceparent']).toBe(textOf(start));
  });
});

describe('one reading over MQTT 3.1.1, which has nothing beside the event', () => {
  it('continues the trace of the event', async () => {
    const event = { ...reading, traceparent: textOf(start) };
    const { spans, wish } = await wishFor(await embedded(), 4, event);
    expect(traceIds(spans)).toEqual(new Set([start.traceId]));
    expect(named(spans, 'temperature process').parentSpanContext?.spanId).toBe(start.spanId);
    expect(eventIn(wish)['traceparent']).toBe(textOf(start));
  });

  it('begins a trace where there is none, and the wish says which', async () => {
    const { spans, wish } = await wishFor(await embedded(), 4, reading);
    expect(story(spans)).toEqual(spansOf({ wishLink: 'temperature process' }));
    expect(traceIds(spans).size).toBe(1);
    const begun = named(spans, 'temperature process').spanContext();
    expect(eventIn(wish)['traceparent']).toBe(textOf(begun));
  });

  it('leaves no trace without an SDK', async () => {
    trace.disable();
    const { spans, wish } = await wishFor(await embedded(), 4, reading);
    expect(spans).toEqual([]);
    expect(eventIn(wish)).not.toHaveProperty('traceparent');
  });
});
