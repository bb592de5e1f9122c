import type { CloudEvent, Outgoing, PublishResult } from '@hearth/core';
import { startIotHubRest } from '@hearth/emulators/iot-hub';
import { publisherCases, unmetNeed, type PublisherHarness } from '@hearth/testing/conformance';
import { describe, expect, it, onTestFinished } from 'vitest';
import { iotHubPublisher, type IotHubOptions, type IotHubRoute } from './iot-hub.ts';

const ring: IotHubRoute = { to: 'method', name: 'ring' };

async function open(options: Partial<IotHubOptions> = {}) {
  const hub = await startIotHubRest();
  onTestFinished(() => hub.stop());
  const { endpoint, connectionString } = hub;
  const publisher = iotHubPublisher({
    endpoint,
    connectionString: () => connectionString,
    routes: { 'com.acme.ring': ring, 'com.acme.thermostat.set': { to: 'desired' } },
    ...options,
  });
  return { hub, publisher };
}

async function harness(): Promise<PublisherHarness> {
  const { hub, publisher } = await open({ routes: { 'com.acme.thermostat.set': ring } });
  return {
    publisher,
    maxEventBytes: 131_072,
    received: async () => hub.deliveries.map(({ payload }) => ({ id: (payload as CloudEvent).id })),
    failFor: (ids) =>
      hub.plan((body) => {
        const { payload } = JSON.parse(body) as { readonly payload: CloudEvent };
        return ids.includes(payload.id) ? 429 : undefined;
      }),
    cutOff: () => hub.stop(),
  };
}

describe('a publisher to the REST interface of IoT Hub', () => {
  it.each(publisherCases)('$name', async (each) => {
    const opened = await harness();
    const need = unmetNeed(each, opened);
    if (need === undefined) return each.run(opened);
    // IoT Hub reads the payload as JSON and writes it anew.
    expect(need).toBe('structured');
  });
});

const event: CloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: 'urn:acme:home',
  type: 'com.acme.ring',
  subject: 'd1',
  data: { times: 2 },
};
const outgoing = (rest: object = {}): Outgoing => {
  const whole = { ...event, ...rest } as CloudEvent;
  return { event: whole, body: JSON.stringify(whole) };
};
const seen = (result: PublishResult | undefined) =>
  result?.outcome === 'failed'
    ? [result.error.code, result.error.retryable ? 'again' : 'never']
    : [result?.outcome];
const soon = () => new Date(Date.now() + 60_000).toISOString();
const wish = { type: 'com.acme.thermostat.set', data: { celsius: 18.5 } };

describe('a direct method', () => {
  it('carries the event, so that a device knows a repetition', async () => {
    const { hub, publisher } = await open();
    await publisher.publish([outgoing()]);
    expect(hub.deliveries).toEqual([
      {
        device: 'd1',
        method: 'ring',
        payload: event,
        responseTimeoutInSeconds: 10,
        connectTimeoutInSeconds: 0,
      },
    ]);
  });

  it('carries the data alone where that is wanted', async () => {
    const route = { ...ring, payload: 'data', connectTimeoutMs: 30_000 } as const;
    const { hub, publisher } = await open({ routes: { 'com.acme.ring': route } });
    await publisher.publish([outgoing(), outgoing({ data: undefined })]);
    expect(hub.deliveries).toMatchObject([
      { payload: { times: 2 }, connectTimeoutInSeconds: 30 },
      { payload: null },
    ]);
  });

  it.each([
    ['offline', ['publisher-unavailable', 'again'], ['publisher-unavailable', 'again']],
    ['silent', ['timeout', 'never'], ['timeout', 'again']],
    ['hung-up', ['timeout', 'never'], ['timeout', 'again']],
    ['gone', ['not-found', 'never'], ['not-found', 'never']],
    [200, ['published'], ['published']],
    [409, ['call-failed', 'never'], ['call-failed', 'never']],
    [503, ['call-failed', 'never'], ['call-failed', 'again']],
  ] as const)('of a device that is %s', async (mood, command, other) => {
    const { hub, publisher } = await open();
    hub.moods.set('d1', mood);
    expect(seen((await publisher.publish([outgoing({ expirytime: soon() })]))[0])).toEqual(command);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(other);
  });

  it('is not made after its time', async () => {
    const { hub, publisher } = await open();
    const late = outgoing({ expirytime: '2020-01-01T00:00:00Z' });
    expect(seen((await publisher.publish([late]))[0])).toEqual(['expired', 'never']);
    expect(hub.deliveries).toEqual([]);
  });
});

describe('desired properties', () => {
  it('are the data of a wish, whatever the twin had', async () => {
    const { hub, publisher } = await open();
    await publisher.publish([outgoing(wish)]);
    expect(hub.deliveries).toEqual([{ device: 'd1', payload: { celsius: 18.5 } }]);
  });

  it('may lie under a name', async () => {
    const routes = { [wish.type]: { to: 'desired', under: 'thermostat' } } as const;
    const { hub, publisher } = await open({ routes });
    await publisher.publish([outgoing(wish)]);
    expect(hub.deliveries).toMatchObject([{ payload: { thermostat: { celsius: 18.5 } } }]);
  });

  it.each([
    ['no object', { data: [1] }, 'invalid-data'],
    ['nothing', { data: undefined }, 'invalid-data'],
    ['too large', { data: { note: 'x'.repeat(32_768) } }, 'limit-exceeded'],
  ])('that are %s are refused for good', async (_, rest, code) => {
    const { publisher } = await open();
    expect(seen((await publisher.publish([outgoing({ ...wish, ...rest })]))[0])).toEqual([
      code,
      'never',
    ]);
  });
});

describe('the device of an event', () => {
  it.each(["a-:.+%_#*?!(),=@;$'9", 'x'.repeat(128), '...'])('may be "%s"', async (subject) => {
    const { hub, publisher } = await open();
    await publisher.publish([outgoing({ subject })]);
    expect(hub.deliveries).toMatchObject([{ device: subject }]);
  });

  it.each([undefined, '', '.', '..', 'a/b', 'a b', 'ü', 'x'.repeat(129)])(
    'cannot be "%s"',
    async (subject) => {
      const { hub, publisher } = await open();
      const [result] = await publisher.publish([outgoing({ subject })]);
      expect(seen(result)).toEqual(['invalid-event', 'never']);
      expect(hub.deliveries).toEqual([]);
    },
  );

  it('may be another than its subject', async () => {
    const { hub, publisher } = await open({ device: ({ subject }) => `hub-of-${subject}` });
    await publisher.publish([outgoing()]);
    expect(hub.deliveries).toMatchObject([{ device: 'hub-of-d1' }]);
  });
});

describe('a publisher to IoT Hub', () => {
  const other = { type: 'com.acme.other' };

  it('leaves out what has no route, but no dead letter', async () => {
    const { publisher } = await open();
    const letter = { type: 'hearth.deadletter', subject: 'd2' };
    const results = await publisher.publish([outgoing(other), outgoing(letter)]);
    expect(results.map(seen)).toEqual([['published'], ['invalid-option', 'never']]);
  });

  it('fails what has no route where that is wanted', async () => {
    const { publisher } = await open({ unrouted: 'fail' });
    expect(seen((await publisher.publish([outgoing(other)]))[0])).toEqual([
      'invalid-option',
      'never',
    ]);
  });

  it.each([
    [429, ['publisher-unavailable', 'again'], ['publisher-unavailable', 'again']],
    [503, ['publisher-unavailable', 'again'], ['publisher-unavailable', 'again']],
    [500, ['timeout', 'never'], ['timeout', 'again']],
    [401, ['not-permitted', 'again'], ['not-permitted', 'again']],
  ])('that is answered %i', async (status, command, wished) => {
    const { hub, publisher } = await open();
    hub.plan(() => status);
    expect(seen((await publisher.publish([outgoing({ expirytime: soon() })]))[0])).toEqual(command);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(wished);
  });

  it('asks for its secret when it needs it, and not for each event', async () => {
    let asked = 0;
    const { hub, publisher } = await open({
      connectionString: () => {
        asked += 1;
        return hub.connectionString;
      },
    });
    expect(asked).toBe(0);
    await publisher.publish([outgoing(), outgoing({ id: 'e2' })]);
    expect([asked, hub.deliveries.length]).toEqual([1, 2]);
  });

  it('asks a credential for a token, and tries again while it gets none', async () => {
    const scopes: unknown[] = [];
    const tokens = [null, { token: 'of-us', expiresOnTimestamp: 0 }];
    const getToken = async (scope: unknown) => {
      scopes.push(scope);
      return tokens.shift() ?? null;
    };
    const { hub, publisher } = await open({ credential: { getToken } });
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual([
      'publisher-unavailable',
      'again',
    ]);
    await publisher.publish([outgoing()]);
    expect(scopes).toEqual(Array(2).fill('https://iothubs.azure.net/.default'));
    expect(hub.authorizations).toEqual(['Bearer of-us']);
  });

  it('makes desired properties of what a device is to become', async () => {
    const type = 'com.acme.thermostat.desired';
    const { hub, publisher } = await open({ routes: { [type]: { to: 'desired', under: 'heat' } } });
    await publisher.publish([
      outgoing({ type, data: { desired: { celsius: 18 }, desiredRev: 2 } }),
    ]);
    expect(hub.deliveries).toEqual([{ device: 'd1', payload: { heat: { celsius: 18 } } }]);
  });

  it('tries again while it gets no token', async () => {
    const { publisher } = await open({ token: () => Promise.reject(new Error('sealed')) });
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual([
      'publisher-unavailable',
      'again',
    ]);
  });

  const endpoint = 'https://acme.azure-devices.net';
  const token = () => 'Bearer x';
  it.each<[string, IotHubOptions]>([
    ['endpoint', { endpoint: 'acme', token, routes: {} }],
    ['connectionString', { endpoint, routes: {} }],
    ['token', { endpoint, token: 'secret' as never, routes: {} }],
    ['routes', { endpoint, token, routes: { a: { to: 'method', name: '' } } }],
    ['routes', { endpoint, token, routes: { a: { ...ring, responseTimeoutMs: 4_999 } } }],
    ['routes', { endpoint, token, routes: { a: { ...ring, connectTimeoutMs: 300_001 } } }],
    ['routes', { endpoint, token, routes: { a: { to: 'desired', under: '' } } }],
    ['timeoutMs', { endpoint, token, routes: {}, timeoutMs: 0 }],
  ])('names the option "%s" when it is wrong', (field, options) => {
    expect(() => iotHubPublisher(options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }),
    );
  });

  it('names a connection string that is none', async () => {
    const { publisher } = await open({ connectionString: () => 'secret' });
    const [result] = await publisher.publish([outgoing()]);
    expect(seen(result)).toEqual(['invalid-option', 'never']);
    expect(result?.outcome === 'failed' && result.error.message).not.toContain('secret');
  });
});
