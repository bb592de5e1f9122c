import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { answerAlexa } from './answer.ts';
import { household, world } from './test/world.ts';
import { celsiusOf, temperature } from './temperature.ts';

const scope = { type: 'BearerToken', token: 'access-token-from-skill' };

/** The directives of the documentation, with our endpoints. */
const directive = (
  namespace: string,
  name: string,
  endpointId: string,
  payload: Readonly<Record<string, unknown>> = {},
  token = scope.token,
) => ({
  directive: {
    header: {
      namespace,
      name,
      payloadVersion: '3',
      messageId: randomUUID(),
      correlationToken: 'dFMb0z+PgpgdDmluhJ1LddFvSqZ/jCc8ptlAKulUj90jSqg==',
    },
    endpoint: { scope: { ...scope, token }, endpointId, cookie: {} },
    payload,
  },
});
const setTo = (value: number, scaled = 'FAHRENHEIT', id = 't1') =>
  directive('Alexa.ThermostatController', 'SetTargetTemperature', id, {
    targetSetpoint: { value, scale: scaled },
  });
const isLocked = directive('Alexa', 'ReportState', 'l1');

const answering = (one: ReturnType<typeof world>, withinMs = 5000) => ({
  runtime: one.runtime,
  household,
  withinMs,
});
const property = (name: string, value: unknown) =>
  expect.objectContaining({ name, value }) as object;
const refused = (type: string) => ({
  event: { header: { name: 'ErrorResponse' }, payload: { type } },
});

describe('"Alexa, set the living room to 72"', () => {
  it('is answered when the thermostat has done so, in the same scale', async () => {
    const one = world();
    await one.thermostat(20);
    const answer = answerAlexa(setTo(72), answering(one));
    await one.sent('com.acme.thermostat.desired');
    expect(one.publisher.published.at(-1)?.event.data).toMatchObject({
      desired: { setpointCelsius: 22.22 },
    });
    await one.thermostat(22);
    const { directive: asked } = setTo(72);
    expect(await answer).toMatchObject({
      event: {
        header: {
          namespace: 'Alexa',
          name: 'Response',
          correlationToken: asked.header.correlationToken,
          payloadVersion: '3',
        },
        endpoint: { endpointId: 't1' },
        payload: {},
      },
      context: {
        properties: [
          property('targetSetpoint', { value: 71.6, scale: 'FAHRENHEIT' }),
          property('thermostatMode', 'HEAT'),
          property('temperature', { value: 67.1, scale: 'FAHRENHEIT' }),
          property('connectivity', { value: 'OK' }),
        ],
      },
    });
    expect(one.told.alexa.at(-1)).toMatchObject({
      event: {
        header: { name: 'ChangeReport' },
        payload: { change: { cause: { type: 'PHYSICAL_INTERACTION' } } },
      },
    });
  });

  it('is deferred while the thermostat sleeps, and answered when it wakes up', async () => {
    const one = world();
    await one.thermostat(20);
    expect(await answerAlexa(setTo(72), answering(one, 5))).toMatchObject({
      event: { header: { namespace: 'Alexa', name: 'DeferredResponse' } },
    });
    await one.thermostat(22);
    const { directive: asked } = setTo(72);
    expect(one.told.alexa).toContainEqual({
      event: {
        header: expect.objectContaining({
          name: 'Response',
          correlationToken: asked.header.correlationToken,
        }) as object,
        endpoint: {
          scope: { type: 'BearerToken', token: 'access-token-from-Amazon' },
          endpointId: 't1',
        },
        payload: {},
      },
      context: expect.objectContaining({}) as object,
    });
  });

  it('is answered although another process hears the thermostat', async () => {
    const one = world();
    await one.thermostat(20);
    const answer = answerAlexa(setTo(72), { ...answering(one), pollMs: 5 });
    await one.sent('com.acme.thermostat.desired');
    const elsewhere = { ...one.runtime, store: { ...one.runtime.store } };
    await one.says(
      {
        type: 'com.acme.thermostat.status',
        subject: 't1',
        data: { celsius: 19.5, setpointCelsius: 22, mode: 'heat' },
      },
      elsewhere,
    );
    expect(await answer).toMatchObject({ event: { header: { name: 'Response' } } });
  });

  it.each([
    ['95', setTo(95), 'TEMPERATURE_VALUE_OUT_OF_RANGE'],
    ['nothing at all', setTo(Number.NaN), 'INVALID_DIRECTIVE'],
    ['degrees of wine', setTo(20, 'OECHSLE'), 'INVALID_DIRECTIVE'],
    ["somebody else's", setTo(72, 'FAHRENHEIT', 't9'), 'NO_SUCH_ENDPOINT'],
    ['a lock', setTo(72, 'FAHRENHEIT', 'l1'), 'INVALID_DIRECTIVE'],
    [
      'a stranger',
      directive('Alexa', 'ReportState', 't1', {}, 'stolen'),
      'INVALID_AUTHORIZATION_CREDENTIAL',
    ],
    [
      'something unknown',
      directive('Alexa.BrightnessController', 'SetBrightness', 't1'),
      'INVALID_DIRECTIVE',
    ],
  ])('is refused for %s', async (_, request, type) => {
    const one = world();
    await Promise.all([one.thermostat(20), one.lock(true)]);
    expect(await answerAlexa(request, answering(one))).toMatchObject(refused(type));
  });

  it('tells what can be set, in the scale of whoever asked', async () => {
    const one = world();
    await one.thermostat(20);
    expect(await answerAlexa(setTo(95), answering(one))).toMatchObject({
      event: {
        payload: {
          validRange: {
            minimumValue: { value: 50, scale: 'FAHRENHEIT' },
            maximumValue: { value: 89.6, scale: 'FAHRENHEIT' },
          },
        },
      },
    });
  });

  it('is refused while it is off, was never heard of, or nothing works', async () => {
    const one = world();
    expect(await answerAlexa(setTo(72), answering(one))).toMatchObject(
      refused('ENDPOINT_UNREACHABLE'),
    );
    await one.thermostat(20, 'off');
    const off = await answerAlexa(setTo(72), answering(one));
    expect(off).toMatchObject(refused('THERMOSTAT_IS_OFF'));
    expect(off.event.header['namespace']).toBe('Alexa.ThermostatController');
    const store = { ...one.runtime.store, load: () => Promise.reject(new Error('down')) };
    const broken = { household, runtime: { ...one.runtime, store } };
    expect(await answerAlexa(setTo(72), broken)).toMatchObject(refused('INTERNAL_ERROR'));
  });
});

describe('"Alexa, is the front door locked?"', () => {
  it('is answered from what it has just said', async () => {
    const one = world();
    await one.lock(true);
    expect(await answerAlexa(isLocked, answering(one))).toMatchObject({
      event: { header: { name: 'StateReport' } },
      context: {
        properties: [property('lockState', 'LOCKED'), property('connectivity', { value: 'OK' })],
      },
    });
  });

  it('is told to be jammed, and cannot be locked then', async () => {
    const one = world();
    await one.lock(false, true);
    expect(await answerAlexa(isLocked, answering(one))).toMatchObject({
      context: { properties: [property('lockState', 'JAMMED'), {}] },
    });
    const locks = directive('Alexa.LockController', 'Lock', 'l1');
    expect(await answerAlexa(locks, answering(one))).toMatchObject(refused('HARDWARE_MALFUNCTION'));
  });
});

it('lists what a user has', async () => {
  const discover = directive('Alexa.Discovery', 'Discover', '', { scope });
  const { event } = await answerAlexa(discover, answering(world()));
  expect(event).toMatchObject({
    header: { name: 'Discover.Response' },
    payload: {
      endpoints: [{ endpointId: 't1', displayCategories: ['THERMOSTAT'] }, { endpointId: 'l1' }],
    },
  });
});

it.each([
  [72, 'FAHRENHEIT', 22.22],
  [22.5, 'CELSIUS', 22.5],
  [295.15, 'KELVIN', 22],
] as const)('hears %d %s as %d °C, and says it back', (value, scale, celsius) => {
  expect(celsiusOf({ value, scale })).toBe(celsius);
  expect(temperature(celsius, scale).value).toBeCloseTo(value, 0);
});
