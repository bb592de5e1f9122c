import { commandPath, needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { aedes } from '../test/aedes.ts';
import { authority, type Authority, type Identity } from '../test/certificates.ts';
import { client } from '../test/client.ts';
import { gateway } from '../test/gateway.ts';
import { mosquitto, type Mosquitto } from '../test/mosquitto.ts';
import { reading, silent } from '../test/thermostat.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { until } from '../test/until.ts';

const command = commandPath('mosquitto');
const openssl = commandPath('openssl');

/** A broker behind TLS that asks for certificates, and lets each device publish below its own name only. */
interface Home {
  readonly broker: Mosquitto;
  readonly url: string;
  readonly own: Authority;
}

let home: Home | undefined;

const access = `
user gateway
topic read device/#
topic readwrite home/#

pattern readwrite device/%u/#
`;

beforeAll(async () => {
  if (command === undefined || openssl === undefined) return;
  const own = authority(openssl);
  const server = own.issue('localhost');
  const lines = [
    'cafile {folder}/ca.pem',
    'certfile {folder}/cert.pem',
    'keyfile {folder}/key.pem',
    'require_certificate true',
    'use_identity_as_username true',
    'acl_file {folder}/access',
  ];
  const files = { 'ca.pem': own.ca, 'cert.pem': server.cert, 'key.pem': server.key, access };
  const broker = await mosquitto(command, lines, files);
  home = { broker, own, url: `mqtts://localhost:${broker.port}` };
});

afterAll(() => home?.broker.stop());

type Test = { skip(note: string): never };

const homeFor = (test: Test) => needs(test, home, 'mosquitto and openssl');

/** The gateway, with its certificate. */
function gatewayOf({ url, own }: Home) {
  return gateway(url, { connection: { tls: { ca: own.ca, ...own.issue('gateway') } } });
}

/** A device, with its certificate. */
async function deviceOf({ url, own }: Home, name: string, protocolVersion: 4 | 5 = 5) {
  const sender = await client(url, { ca: own.ca, ...own.issue(name), protocolVersion });
  onTestFinished(() => void sender.end(true));
  return (topic: string, payload: string) => sender.publishAsync(topic, payload, { qos: 1 });
}

describe('a gateway beside a broker with certificates and an access list', () => {
  it('hears a device that speaks for itself', async (test) => {
    const at = homeFor(test);
    const { trigger, answered, heard } = gatewayOf(at);
    await trigger.ready;
    const send = await deviceOf(at, 't1');
    await send('device/t1/temperature', '{"celsius":20}');
    await send('device/t1/events', reading('t1', '1', 21));
    await answered(2);
    expect(await heard('t1')).toEqual([20, 21]);
  });

  it('never hears a device on the topic of another: the broker refuses', async (test) => {
    const at = homeFor(test);
    const { trigger, answered, heard } = gatewayOf(at);
    await trigger.ready;
    const send = await deviceOf(at, 'mallory');
    await expect(send('device/t2/temperature', '{"celsius":99}')).rejects.toMatchObject({
      code: 135,
    });
    await send('device/mallory/temperature', '{"celsius":1}');
    await answered(1);
    expect(await heard('t2')).toEqual([]);
  });

  it('does not believe a device that speaks for another on its own topic, and raises an alarm', async (test) => {
    const at = homeFor(test);
    const { trigger, answered, heard, deadLetters, publisher } = gatewayOf(at);
    await trigger.ready;
    const send = await deviceOf(at, 'mallory');
    await send('device/mallory/events', reading('t3', '1', 21));
    await answered(1);
    expect(trigger.stats().rejected).toBe(1);
    expect(await heard('t3')).toEqual([]);
    expect(deadLetters.published).toMatchObject([{ event: { data: { code: 'not-permitted' } } }]);
    expect(publisher.published).toMatchObject([
      {
        event: {
          type: 'hearth.security.denied',
          data: { principal: 'device:mallory', subject: 't3' },
        },
      },
    ]);
  });

  it('does not believe what a message says of its sender', async (test) => {
    const at = homeFor(test);
    const { trigger, answered, heard } = gatewayOf(at);
    await trigger.ready;
    const sender = await client(at.url, { ca: at.own.ca, ...at.own.issue('mallory') });
    onTestFinished(() => void sender.end(true));
    const userProperties = {
      'client-id': 't3',
      device: 't3',
      subject: 't3',
      source: 'urn:acme:home',
    };
    const properties = { userProperties };
    const options = { qos: 1, properties } as const;
    await sender.publishAsync('device/mallory/temperature', '{"celsius":5}', options);
    await answered(1);
    expect([await heard('t3'), await heard('mallory')]).toEqual([[], [5]]);
  });

  it.for([
    ['no certificate', () => ({})],
    ['a certificate of a strange authority', (strange: Authority) => strange.issue('gateway')],
  ] as const)('is not let in with %s, and says so', async ([, identity], test) => {
    const { url, own } = homeFor(test);
    const strange = authority(openssl as string);
    const tls = { ca: own.ca, ...(identity(strange) as Partial<Identity>) };
    const broker = mqttConnection({ url, clientId: 'stranger', tls, logger: silent });
    await expect(broker.ready).rejects.toMatchObject({ code: 'not-permitted' });
    await broker.close();
  });

  it('does not talk to a broker whose certificate it cannot check', async (test) => {
    const { url, own } = homeFor(test);
    const strange = authority(openssl as string);
    const tls = { ca: strange.ca, ...own.issue('gateway') };
    const broker = mqttConnection({ url, clientId: 'careful', tls, logger: silent });
    await expect(broker.ready).rejects.toMatchObject({ code: 'not-permitted' });
    await broker.close();
  });

  it('stays what it was while devices publish what no parser should see', async (test) => {
    const at = homeFor(test);
    const { trigger, answered, deadLetters } = gatewayOf(at);
    await trigger.ready;
    const send = await deviceOf(at, 't4');
    const nasty = [
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","__proto__":{"admin":true}}',
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","toString":"x"}',
      `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      `{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2021-02-29T00:00:00Z"}`,
      '{"specversion":"1.0"',
      'x'.repeat(2 ** 20 + 1),
      '\u0000',
    ];
    for (const each of nasty) await send('device/t4/events', each);
    await answered(nasty.length);
    expect(trigger.stats()).toMatchObject({ rejected: nasty.length, inHand: 0 });
    expect(deadLetters.published).toHaveLength(nasty.length);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('a laptop with aedes behind TLS', () => {
  it('hears a device with a certificate', async (test) => {
    const own = authority(needs(test, openssl, 'openssl'));
    const server = { ...own.issue('localhost'), ca: own.ca, requestCert: true };
    const laptop = await aedes({ ...server, rejectUnauthorized: true });
    onTestFinished(() => laptop.stop());
    const tls = { ca: own.ca, ...own.issue('gateway') };
    const { trigger, heard, stop } = gateway(laptop.url, { connection: { tls } });
    onTestFinished(stop);
    await trigger.ready;
    const sender = await client(laptop.url, { ca: own.ca, ...own.issue('t1'), protocolVersion: 4 });
    await sender.publishAsync('device/t1/temperature', '{"celsius":20}', { qos: 1 });
    await until(async () => (await heard('t1')).length === 1);
    await sender.endAsync();
  });
});
