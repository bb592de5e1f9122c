import { commandPath, needs } from '@hearth/testing/needs';
import { existsSync } from 'node:fs';
import type { IClientOptions, IClientPublishOptions, MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { authority, type Authority, type Identity } from '../../test/certificates.ts';
import { client, listener } from '../../test/client.ts';
import { gateway } from '../../test/gateway.ts';
import { mosquitto, type Mosquitto } from '../../test/mosquitto.ts';
import { reading } from '../../test/thermostat.ts';
import { until } from '../../test/until.ts';
import { aclFile } from './acl-file.ts';
import { dynamicSecurity, dynamicSecurityTopic, keepOut, letIn } from './dynamic-security.ts';

const command = commandPath('mosquitto');
const openssl = commandPath('openssl');
const plugin = [
  '/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so',
  '/usr/lib/aarch64-linux-gnu/mosquitto_dynamic_security.so',
  '/usr/lib/mosquitto_dynamic_security.so',
].find(existsSync);

const lamps = [
  { device: 'a', credentials: ['a.k1', 'a.k2'] },
  { device: 'b', credentials: ['b.k1'] },
];
const options = { backends: ['gateway'] };
const names = ['localhost', 'gateway', 'a.k1', 'a.k2', 'b.k1', 'late'] as const;
type Name = (typeof names)[number];

interface Place {
  readonly broker: Mosquitto;
  readonly url: string;
}

let own: { readonly ca: string; readonly of: Readonly<Record<Name, Identity>> } | undefined;
const places: { list?: Place; plugin?: Place } = {};

const tls = [
  'cafile {folder}/ca.pem',
  'certfile {folder}/cert.pem',
  'keyfile {folder}/key.pem',
  'require_certificate true',
  'use_identity_as_username true',
  'use_username_as_clientid true',
];

beforeAll(async () => {
  if (command === undefined || openssl === undefined) return;
  const made: Authority = authority(openssl);
  const of = Object.fromEntries(names.map((name) => [name, made.issue(name)])) as Record<
    Name,
    Identity
  >;
  own = { ca: made.ca, of };
  const files = { 'ca.pem': made.ca, 'cert.pem': of.localhost.cert, 'key.pem': of.localhost.key };
  const start = async (lines: readonly string[], more: Readonly<Record<string, string>>) => {
    const broker = await mosquitto(command, [...tls, ...lines], { ...files, ...more });
    return { broker, url: `mqtts://localhost:${broker.port}` };
  };
  places.list = await start(['acl_file {folder}/access'], { access: aclFile(lamps, options) });
  if (plugin === undefined) return;
  places.plugin = await start(
    [`plugin ${plugin}`, 'plugin_opt_config_file {folder}/security.json'],
    { 'security.json': JSON.stringify(dynamicSecurity(lamps, options)) },
  );
});

afterAll(() => Promise.all(Object.values(places).map(({ broker }: Place) => broker.stop())));

type Test = { skip(note: string): never };

/** Connects with the certificate of somebody. */
async function as(
  test: Test,
  place: Place,
  name: Name,
  more: IClientOptions = {},
): Promise<MqttClient> {
  const { ca, of } = needs(test, own, 'openssl');
  const one = await client(place.url, { ca, ...of[name], ...more });
  onTestFinished(() => void one.end(true));
  return one;
}

const placeOf = (test: Test, which: keyof typeof places): Place =>
  needs(
    test,
    places[which],
    which === 'plugin' ? 'mosquitto with its dynamic security plugin' : 'mosquitto and openssl',
  );

const refused = { code: 135 };
const qos = { qos: 1 } as const;

describe.each(['list', 'plugin'] as const)('a real mosquitto with the access %s', (which) => {
  it('lets every credential of a device say and hear what is of the device', async (test) => {
    const place = placeOf(test, which);
    const first = await as(test, place, 'a.k1');
    const heard: string[] = [];
    first.on('message', (topic) => heard.push(topic));
    await first.subscribeAsync('device/a/#', qos);
    const second = await as(test, place, 'a.k2');
    await second.publishAsync('device/a/temperature', '1', qos);
    await until(() => heard.length === 1);
    expect(first.connected).toBe(true);
  });

  it.for([
    ['a topic of another device', 'device/b/temperature'],
    ['the proof of another device', 'proof/b/b.k1'],
    ['the proof of another credential of its own', 'proof/a/a.k2'],
    ['its own proof under the name of another device', 'proof/b/a.k1'],
    ['the topic of all devices', 'device'],
    ['anything else', 'home/h1'],
    ['the control of the plugin', dynamicSecurityTopic],
  ] as const)('refuses a device that publishes to %s', async ([, topic], test) => {
    const one = await as(test, placeOf(test, which), 'a.k1');
    await expect(one.publishAsync(topic, '{}', qos)).rejects.toMatchObject(refused);
  });

  it('lets nobody hear, inherit the session, or leave a will for another', async (test) => {
    const place = placeOf(test, which);
    const will = { topic: 'device/b/temperature', payload: Buffer.from('99'), ...qos };
    const mallory = await as(test, place, 'a.k1', { clientId: 'b.k1', clean: false });
    const heard: string[] = [];
    mallory.on('message', (topic) => heard.push(topic));
    await mallory.subscribeAsync(['device/b/#', 'device/+/temperature', '#'], qos).catch(() => []);
    const other = await as(test, place, 'b.k1');
    await other.publishAsync('device/b/temperature', '20', qos);
    await mallory.publishAsync('device/a/temperature', '1', qos);
    expect([mallory.connected, other.connected]).toEqual([true, true]);
    expect(heard.filter((topic) => topic.startsWith('device/b'))).toEqual([]);
    const backend = await as(test, place, 'gateway');
    const all: string[] = [];
    backend.on('message', (topic, payload) => all.push(`${topic} ${payload.toString()}`));
    await backend.subscribeAsync('device/#', qos);
    const dying = await as(test, place, 'a.k2', { will }).catch(() => undefined);
    dying?.stream.destroy();
    await other.publishAsync('device/b/temperature', '21', qos);
    await until(() => all.some((one) => one.endsWith(' 21')));
    expect(all.filter((one) => one.endsWith(' 99'))).toEqual([]);
  });

  it('and an app behind it believes no device that speaks for another in any field', async (test) => {
    const place = placeOf(test, which);
    const { ca, of } = needs(test, own, 'openssl');
    const at = gateway(place.url, {
      connection: { tls: { ca, ...of.gateway }, clientId: `app-${which}` },
    });
    await at.trigger.ready;
    const one = await as(test, place, 'a.k1');
    const b = {
      device: 'b',
      subject: 'b',
      'client-id': 'b',
      username: 'b.k1',
      source: 'urn:acme:home',
    };
    const fields: readonly (readonly [string, string, IClientPublishOptions['properties']])[] = [
      ['device/a/events', reading('b', '1', 30), undefined],
      ['device/a/temperature', '{"celsius":5,"device":"b","subject":"b"}', { userProperties: b }],
      [
        'device/a/temperature',
        '{"celsius":6}',
        { responseTopic: 'device/b/set', correlationData: Buffer.from('b') },
      ],
      ['device/a/events', '{"celsius":31}', { userProperties: { ...binary, subject: 'b' } }],
      ['device/a/events', reading('a', '2', 7), undefined],
    ];
    for (const [topic, payload, properties] of fields)
      await one.publishAsync(topic, payload, {
        ...qos,
        ...(properties === undefined ? {} : { properties }),
      });
    await at.answered(fields.length);
    expect(await at.heard('b')).toEqual([]);
    expect(await at.heard('a')).toEqual([5, 6, 7]);
    expect(at.deadLetters.published).toHaveLength(2);
    await at.stop();
  });
});

const binary = {
  specversion: '1.0',
  id: '9',
  source: '/a',
  type: 'com.acme.thermostat.temperature',
};

describe('a change of the access', () => {
  it('of the list counts for open sessions when mosquitto has read it again', async (test) => {
    const place = placeOf(test, 'list');
    const old = await as(test, place, 'a.k2');
    await old.publishAsync('device/a/x', '1', qos);
    const less = lamps.map((one) => ({ ...one, credentials: one.credentials.slice(0, 1) }));
    place.broker.reload('access', aclFile(less, options));
    const isOut = () =>
      old.publishAsync('device/a/x', '1', qos).then(
        () => false,
        () => true,
      );
    await until(isOut);
    const still = await as(test, place, 'a.k1');
    await still.publishAsync('device/a/x', '1', qos);
  });

  it('by a message to the plugin lets in and shuts out at once, and ends the connection', async (test) => {
    const place = placeOf(test, 'plugin');
    const { ca, of } = needs(test, own, 'openssl');
    const backend = await listener(place.url, `${dynamicSecurityTopic}/response`, {
      ca,
      ...of.gateway,
    });
    onTestFinished(() => backend.end());
    const admin = await as(test, place, 'gateway');
    const tell = (commands: object) =>
      admin.publishAsync(dynamicSecurityTopic, JSON.stringify(commands), qos);
    await tell(letIn({ device: 'c', credentials: ['late'] }, options));
    const late = await as(test, place, 'late');
    await late.publishAsync('device/c/x', '1', qos);
    await late.publishAsync('proof/c/late', '{}', qos);
    await expect(late.publishAsync('device/a/x', '1', qos)).rejects.toMatchObject(refused);
    const closed = new Promise<void>((resolve) => {
      late.once('close', () => resolve());
    });
    await tell(keepOut(['late']));
    await closed;
    const again = await as(test, place, 'late').catch(() => undefined);
    const isHeard = await again?.publishAsync('device/c/x', '1', qos).then(
      () => true,
      () => false,
    );
    expect(isHeard ?? false).toBe(false);
  });
});
