import type { Outgoing } from '@hearth/core';
import { publisherCases, unmetNeed, type PublisherHarness } from '@hearth/testing/conformance';
import { commandPath, needs } from '@hearth/testing/needs';
import type { Packet } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { aedes } from '../test/aedes.ts';
import { listener } from '../test/client.ts';
import { mosquitto, type Mosquitto } from '../test/mosquitto.ts';
import { scriptedBroker, type Script } from '../test/scripted-broker.ts';
import { silent } from '../test/thermostat.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { mqttPublisher, type MqttPublisherOptions } from './publisher.ts';
import { until } from '../test/until.ts';

const command = commandPath('mosquitto');
const type = 'com.acme.thermostat.set';
let count = 0;

/** A publisher on a connection of its own, which ends with the test. */
async function publisherTo(url: string, options: Partial<MqttPublisherOptions> = {}) {
  const clientId = `publisher-${(count += 1)}-${process.pid}`;
  const reconnect = { minMs: 20, maxMs: 50 };
  const broker = mqttConnection({ url, clientId, reconnect, logger: silent });
  onTestFinished(() => broker.close());
  await broker.ready;
  const topics = { [type]: `${clientId}/{subject}/set` };
  return { broker, clientId, publisher: mqttPublisher({ broker, topics, ...options }) };
}

function outgoing(id: string, rest: Partial<Outgoing['event']> = {}): Outgoing {
  const attributes = { specversion: '1.0', id, source: 'urn:acme:home', type, subject: 't1' };
  const event = { ...attributes, ...rest } as Outgoing['event'];
  return { event, body: JSON.stringify(event) };
}

async function harness(url: string, version: 4 | 5): Promise<PublisherHarness> {
  const { broker, clientId, publisher } = await publisherTo(url);
  const there = await listener(url, `${clientId}/+/set`, { protocolVersion: version });
  onTestFinished(() => there.end());
  let published = 0;
  const publish: typeof publisher.publish = async (events) => {
    const results = await publisher.publish(events);
    published += results.filter(({ outcome }) => outcome === 'published').length;
    return results;
  };
  return {
    publisher: { ordered: publisher.ordered === true, publish },
    structured: true,
    cutOff: () => broker.close(),
    async received() {
      await until(() => there.packets.length >= published, { interval: 2 });
      return there.texts().map((body) => ({ id: (JSON.parse(body) as { id: string }).id, body }));
    },
  };
}

describe('mqttPublisher to mosquitto, MQTT 5', () => {
  let broker: Mosquitto | undefined;

  beforeAll(async () => {
    if (command !== undefined) broker = await mosquitto(command);
  });

  afterAll(() => broker?.stop());

  it.for(publisherCases)('$name', async (each, test) => {
    const opened = await harness(needs(test, broker, 'mosquitto, the broker').url, 5);
    const need = unmetNeed(each, opened);
    if (need !== undefined) test.skip(`mosquitto cannot be told to: ${need}`);
    await each.run(opened);
  });
});

describe('mqttPublisher to aedes, MQTT 3.1.1', () => {
  let broker: Awaited<ReturnType<typeof aedes>> | undefined;

  beforeAll(async () => {
    broker = await aedes();
  });

  afterAll(() => broker?.stop());

  it.for(publisherCases)('$name', async (each, test) => {
    const opened = await harness(broker?.url ?? '', 4);
    const need = unmetNeed(each, opened);
    if (need !== undefined) test.skip(`aedes cannot be told to: ${need}`);
    await each.run(opened);
  });
});

const isPublish = (packet: Packet) => packet.cmd === 'publish';

async function scripted(script: Script) {
  const broker = await scriptedBroker(script);
  onTestFinished(() => broker.stop());
  return broker;
}

/** A broker that answers publications of some ids with a reason code, and remembers the others. */
async function refusing(reasonCodes: Readonly<Record<string, number>>, connack = {}) {
  const taken: { readonly id: string; readonly body: string }[] = [];
  const broker = await scripted({
    connack,
    answer(packet) {
      if (packet.cmd !== 'publish' || packet.messageId === undefined) return undefined;
      const body = packet.payload.toString();
      const { id } = JSON.parse(body) as { id: string };
      const reasonCode = reasonCodes[id] ?? 0;
      if (reasonCode === 0) taken.push({ id, body });
      return [{ cmd: 'puback', messageId: packet.messageId, reasonCode }];
    },
  });
  return { url: broker.url, taken };
}

describe('mqttPublisher to a broker that refuses, MQTT 5', () => {
  const open = async (): Promise<PublisherHarness> => {
    const refused: Record<string, number> = {};
    const maximumPacketSize = 2_000;
    const { url, taken } = await refusing(refused, { maximumPacketSize });
    const { broker, publisher, clientId } = await publisherTo(url);
    return {
      publisher,
      structured: true,
      // The rest is for the topic and what surrounds it.
      maxEventBytes: maximumPacketSize - 64 - `${clientId}/device-home-0/set`.length,
      cutOff: () => broker.close(),
      failFor(ids) {
        for (const id of Object.keys(refused)) delete refused[id];
        for (const id of ids) refused[id] = 151;
      },
      received: async () => taken,
    };
  };

  it.each(publisherCases)('$name', async ({ run }) => run(await open()));

  it('gives an event up that the broker will never take, and keeps one that it may take later', async () => {
    const broker = await refusing({ never: 135, later: 151 });
    const { publisher } = await publisherTo(broker.url);
    const results = await publisher.publish([
      outgoing('never', { partitionkey: 'a' }),
      outgoing('later', { partitionkey: 'b' }),
    ]);
    expect(results).toMatchObject([
      { outcome: 'failed', error: { code: 'not-permitted', retryable: false } },
      { outcome: 'failed', error: { code: 'publisher-unavailable', retryable: true } },
    ]);
  });

  it('takes it for published if only nobody listens', async () => {
    const broker = await refusing({ alone: 16 });
    const { publisher } = await publisherTo(broker.url);
    expect(await publisher.publish([outgoing('alone')])).toEqual([{ outcome: 'published' }]);
  });
});

describe('mqttPublisher', () => {
  it('never has more under way than the broker takes', async () => {
    let underWay = 0;
    let most = 0;
    const broker = await scripted({
      connack: { receiveMaximum: 3 },
      answer(packet) {
        if (packet.cmd !== 'publish' || packet.messageId === undefined) return undefined;
        underWay += 1;
        most = Math.max(most, underWay);
        const { messageId } = packet;
        setImmediate(() => {
          underWay -= 1;
          broker.send({ cmd: 'puback', messageId, reasonCode: 0 });
        });
        return [];
      },
    });
    const { publisher } = await publisherTo(broker.url);
    const events = Array.from({ length: 20 }, (_, at) => outgoing(`${at}`, { subject: `t${at}` }));
    const results = await publisher.publish(events);
    expect(results.every(({ outcome }) => outcome === 'published')).toBe(true);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('fails after its time, to be tried again, if the broker does not answer', async () => {
    const broker = await scripted({ answer: (packet) => (isPublish(packet) ? [] : undefined) });
    const { publisher } = await publisherTo(broker.url, { timeoutMs: 20 });
    expect(await publisher.publish([outgoing('1')])).toMatchObject([
      { outcome: 'failed', error: { code: 'publisher-unavailable', retryable: true } },
    ]);
  });

  it('does not send later, after a reconnect, what has failed meanwhile', async () => {
    const broker = await scripted({ answer: (packet) => (isPublish(packet) ? [] : undefined) });
    const { broker: link, publisher } = await publisherTo(broker.url);
    const result = publisher.publish([outgoing('1')]);
    await until(() => broker.packets.some(isPublish));
    broker.drop();
    expect(await result).toMatchObject([{ outcome: 'failed', error: { retryable: true } }]);
    const connects = () => broker.packets.filter(({ cmd }) => cmd === 'connect').length;
    await until(() => connects() === 2 && link.isConnected);
    const last = publisher.publish([outgoing('2')]);
    await until(() => broker.packets.filter(isPublish).length === 2);
    broker.drop();
    await last;
    expect(broker.packets.filter(isPublish)).toMatchObject([{ dup: false }, { dup: false }]);
  });

  it('tells MQTT 5 what a message is, when it expires, and which trace it belongs to', async () => {
    const broker = await scripted({});
    const { publisher } = await publisherTo(broker.url);
    const soon = new Date(Date.now() + 60_000).toISOString();
    const traced = { ...outgoing('1', { expirytime: soon }), traceparent: 'the-trace' };
    expect(await publisher.publish([traced])).toEqual([{ outcome: 'published' }]);
    expect(broker.packets.filter(isPublish)).toMatchObject([
      {
        qos: 1,
        retain: false,
        properties: {
          contentType: 'application/cloudevents+json; charset=utf-8',
          messageExpiryInterval: 60,
          userProperties: { traceparent: 'the-trace' },
        },
      },
    ]);
  });

  it('sends nothing that has expired', async () => {
    const broker = await scripted({});
    const { publisher } = await publisherTo(broker.url);
    const result = await publisher.publish([outgoing('1', { expirytime: '2020-01-01T00:00:00Z' })]);
    expect(result).toMatchObject([{ outcome: 'failed', error: { code: 'expired' } }]);
    expect(broker.packets.filter(isPublish)).toEqual([]);
  });

  it('sends the data alone to devices that know nothing of events, and lets the broker keep it', async () => {
    const broker = await scripted({});
    const topics = { [type]: { topic: 'd/{subject}', payload: 'data', retain: true } } as const;
    const { publisher } = await publisherTo(broker.url, { topics });
    await publisher.publish([outgoing('1', { data: { celsius: 18 } })]);
    const [packet] = broker.packets.filter(isPublish);
    expect(packet).toMatchObject({
      topic: 'd/t1',
      retain: true,
      properties: { contentType: 'application/json', userProperties: { id: '1', subject: 't1' } },
    });
    expect(packet?.cmd === 'publish' && packet.payload.toString()).toBe('{"celsius":18}');
  });

  it('refuses for good what is larger than the broker takes, and stays connected', async () => {
    const broker = await scripted({ connack: { maximumPacketSize: 1_000 } });
    const { broker: link, publisher } = await publisherTo(broker.url);
    const [result] = await publisher.publish([outgoing('1', { data: 'x'.repeat(1_000) })]);
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'limit-exceeded', retryable: false },
    });
    expect(link.isConnected).toBe(true);
  });

  it('keeps a subject from becoming another topic', async () => {
    const broker = await scripted({});
    const { publisher, clientId } = await publisherTo(broker.url);
    await publisher.publish([outgoing('1', { subject: '+/../#' })]);
    const topics = broker.packets.map((packet) => (packet.cmd === 'publish' ? packet.topic : ''));
    expect(topics).toContain(`${clientId}/=2B=2F..=2F=23/set`);
  });

  it('fails for good if an attribute of the topic is missing', async () => {
    const broker = await scripted({});
    const { publisher } = await publisherTo(broker.url, {
      topics: { [type]: 'home/{partitionkey}' },
    });
    const [result] = await publisher.publish([outgoing('1')]);
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'invalid-topic', retryable: false },
    });
  });

  it('skips a type without a topic, or fails if told so; a dead letter is never skipped', async () => {
    const broker = await scripted({});
    const skipping = await publisherTo(broker.url, { topics: {} });
    const failing = await publisherTo(broker.url, { topics: {}, unrouted: 'fail' });
    const letter = outgoing('2', { type: 'hearth.deadletter' });
    const other = outgoing('1');
    expect(await skipping.publisher.publish([other, letter])).toMatchObject([
      { outcome: 'published' },
      { outcome: 'failed', error: { code: 'invalid-option' } },
    ]);
    expect(await failing.publisher.publish([other])).toMatchObject([{ outcome: 'failed' }]);
  });
});
