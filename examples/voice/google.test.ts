import { describe, expect, it } from 'vitest';
import { answerGoogle } from './answer.ts';
import { household, world } from './test/world.ts';

const requestId = 'ff36a3cc-ec34-11e6-b1a0-64510650abcf';
const request = (intent: string, payload: object = {}) => ({
  requestId,
  inputs: [{ intent: `action.devices.${intent}`, payload }],
});
const query = (...ids: readonly string[]) =>
  request('QUERY', { devices: ids.map((id) => ({ id })) });
const execute = (id: string, command: string, params: object, challenge?: object) =>
  request('EXECUTE', {
    commands: [
      {
        devices: [{ id }],
        execution: [
          {
            command: `action.devices.commands.${command}`,
            params,
            ...(challenge && { challenge }),
          },
        ],
      },
    ],
  });
const setTo = (celsius: number, id = 't1') =>
  execute(id, 'ThermostatTemperatureSetpoint', { thermostatTemperatureSetpoint: celsius });
const unlock = (challenge?: object) =>
  execute('l1', 'LockUnlock', { lock: false, followUpToken: '567' }, challenge);

const ask = (one: ReturnType<typeof world>, asked: object, withinMs = 5000) =>
  answerGoogle(asked as never, 'access-token-from-skill', {
    runtime: one.runtime,
    household,
    withinMs,
  });
const command = (said: object) => ({
  requestId,
  payload: { commands: [expect.objectContaining(said)] },
});

describe('"Hey Google, set the living room to 22"', () => {
  it('is answered when the thermostat has done so', async () => {
    const one = world();
    await one.thermostat(20);
    const answer = ask(one, setTo(22));
    await one.sent('com.acme.thermostat.desired');
    await one.thermostat(22);
    expect(await answer).toEqual({
      requestId,
      payload: {
        commands: [
          {
            ids: ['t1'],
            status: 'SUCCESS',
            states: {
              online: true,
              thermostatMode: 'heat',
              thermostatTemperatureSetpoint: 22,
              thermostatTemperatureAmbient: 19.5,
            },
          },
        ],
      },
    });
  });

  it('is pending while the thermostat sleeps, and reported when it wakes up', async () => {
    const one = world();
    await one.thermostat(20);
    expect(await ask(one, setTo(22), 5)).toEqual(command({ ids: ['t1'], status: 'PENDING' }));
    await one.thermostat(22);
    expect(one.told.google).toContainEqual(
      expect.objectContaining({
        requestId,
        agentUserId: 'ada',
        payload: {
          devices: {
            states: {
              t1: expect.objectContaining({ thermostatTemperatureSetpoint: 22 }) as object,
            },
          },
        },
      }),
    );
  });

  it.each([
    [setTo(40), { status: 'ERROR', errorCode: 'valueOutOfRange' }],
    [setTo(22, 't9'), { status: 'ERROR', errorCode: 'deviceNotFound' }],
    [setTo(22, 'l1'), { status: 'OFFLINE', errorCode: 'deviceOffline' }],
    [execute('t1', 'OnOff', { on: true }), { status: 'ERROR', errorCode: 'functionNotSupported' }],
  ])('is refused with a code of Google: %j', async (asked, said) => {
    const one = world();
    await one.thermostat(20);
    expect(await ask(one, asked)).toEqual(command(said));
  });
});

describe('"Hey Google, unlock the front door"', () => {
  it('needs a PIN, and the right one', async () => {
    const one = world();
    await one.lock(true);
    const challenge = (type: string) =>
      command({ status: 'ERROR', errorCode: 'challengeNeeded', challengeNeeded: { type } });
    expect(await ask(one, unlock())).toEqual(challenge('pinNeeded'));
    expect(await ask(one, unlock({ pin: '0000' }))).toEqual(challenge('challengeFailedPinNeeded'));
    const types = one.publisher.published.map(({ event }) => event.type);
    expect(types).not.toContain('com.acme.lock.turn');
    const answer = ask(one, unlock({ pin: '1234' }));
    await one.sent('com.acme.lock.turn');
    await one.lock(false);
    expect(await answer).toEqual(
      command({ status: 'SUCCESS', states: { online: true, isLocked: false, isJammed: false } }),
    );
  });

  it('is followed up if the lock takes its time', async () => {
    const one = world();
    await one.lock(true);
    expect(await ask(one, unlock({ pin: '1234' }), 5)).toEqual(command({ status: 'PENDING' }));
    await one.lock(false);
    const followUpResponse = { status: 'SUCCESS', followUpToken: '567', isLocked: false };
    expect(one.told.google).toContainEqual(
      expect.objectContaining({
        payload: {
          devices: expect.objectContaining({
            notifications: { l1: { LockUnlock: { priority: 0, followUpResponse } } },
          }) as object,
        },
      }),
    );
  });

  it('fails when it jams', async () => {
    const one = world();
    await one.lock(true);
    const answer = ask(one, unlock({ pin: '1234' }));
    await one.sent('com.acme.lock.turn');
    await one.lock(true, true);
    expect(await answer).toEqual(command({ status: 'ERROR', errorCode: 'deviceJammingDetected' }));
  });
});

it('answers for each device that is asked about', async () => {
  const one = world();
  await one.lock(true);
  expect(await ask(one, query('l1', 't1', 't9'))).toEqual({
    requestId,
    payload: {
      devices: {
        l1: { status: 'SUCCESS', online: true, isLocked: true, isJammed: false },
        t1: { status: 'OFFLINE', errorCode: 'deviceOffline', online: false },
        t9: { status: 'ERROR', errorCode: 'deviceNotFound', online: false },
      },
    },
  });
});

it('lists what a user has, and lets them go', async () => {
  const one = world();
  expect(await ask(one, request('SYNC'))).toMatchObject({
    payload: {
      agentUserId: 'ada',
      devices: [{ id: 't1', traits: ['action.devices.traits.TemperatureSetting'] }, { id: 'l1' }],
    },
  });
  expect(await ask(one, request('DISCONNECT'))).toEqual({});
  const stranger = answerGoogle(request('SYNC'), 'stolen', {
    runtime: one.runtime,
    household,
  });
  expect(await stranger).toEqual({ requestId, payload: { errorCode: 'authFailure' } });
});
