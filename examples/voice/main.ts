import { setTimeout as wait } from 'node:timers/promises';
import { eventFrom, handle, type Draft, type Publisher } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { logger, nodeRuntime, sweeper } from '@hearth/node';
import { answerAlexa, answerGoogle } from './answer.ts';
import { app, lock, thermostat } from './home.ts';
import { speaksIn, type Household } from './household.ts';
import { telling } from './telling.ts';

const say = (who: string, what: unknown) =>
  void process.stdout.write(`${who}: ${typeof what === 'string' ? what : JSON.stringify(what)}\n`);

const household: Household = {
  userOf: (token) => (token === 'secret' ? 'ada' : undefined),
  devicesOf: () => [
    { id: 't1', kind: 'thermostat', name: 'Living room' },
    { id: 'l1', kind: 'lock', name: 'Front door' },
  ],
  usersOf: () => ['ada'],
  isPin: (_, pin) => pin === '1234',
};

let count = 0;
const reports = async (draft: Draft): Promise<void> => {
  count += 1;
  const event = eventFrom(draft, { id: `${count}`, source: '/devices' });
  await handle(app, [{ event, principal: { kind: 'device', id: draft.subject } }], runtime);
};

// The thermostat wakes up every two seconds, and hears then what it was told; the lock is always awake.
let setpointCelsius = 20;
let wished: number | undefined;
const devices: Publisher = {
  async publish(events) {
    for (const { event } of events) {
      const data = event.data as { desired?: { setpointCelsius?: number }; isLocked?: boolean };
      if (event.type === 'com.acme.thermostat.desired') wished = data.desired?.setpointCelsius;
      if (event.type === lock.commands.turn.type)
        void reports(
          lock.events.status('l1', { isLocked: data.isLocked ?? false, isJammed: false }),
        );
    }
    return events.map(() => ({ outcome: 'published' }));
  },
};
const wakeUp = async () => {
  if (wished !== undefined) setpointCelsius = Math.round(wished * 2) / 2;
  wished = undefined;
  await reports(thermostat.events.status('t1', { celsius: 19.5, setpointCelsius, mode: 'heat' }));
};

const vendors = {
  alexa: async (message: object) => say('to Alexa', message),
  google: async (message: object) => say('to Google', message),
  alexaToken: () => 'token',
};
const given = nodeRuntime({
  store: memoryStore(),
  publisher: devices,
  calls: telling(vendors, household),
  speaksFor: speaksIn(household),
  logger: logger({ level: 'error' }),
});
const { runtime, stop } = sweeper(app, given);

await wakeUp();
await reports(lock.events.status('l1', { isLocked: true, isJammed: false }));

say('Ada', 'Alexa, set the living room to 72.');
const endpoint = { endpointId: 't1', scope: { token: 'secret' } };
const header = { namespace: 'Alexa.ThermostatController', name: 'SetTargetTemperature' };
const payload = { targetSetpoint: { value: 72, scale: 'FAHRENHEIT' } };
const ids = { messageId: 'm1', correlationToken: 'c1' };
const directive = { header: { ...header, ...ids }, endpoint, payload };
say('answer', await answerAlexa({ directive }, { runtime, household, withinMs: 500 }));
await wait(500);
await wakeUp();

say('Ada', 'Hey Google, unlock the front door.');
for (const challenge of [undefined, { pin: '1234' }]) {
  const params = { lock: false, followUpToken: 'f1' };
  const command = { command: 'action.devices.commands.LockUnlock', params };
  const execution = [{ ...command, ...(challenge && { challenge }) }];
  const commands = [{ devices: [{ id: 'l1' }], execution }];
  const inputs = [{ intent: 'action.devices.EXECUTE', payload: { commands } }];
  const request = { requestId: `r${challenge?.pin ?? ''}`, inputs };
  say('answer', await answerGoogle(request, 'secret', { runtime, household }));
}
await stop();
