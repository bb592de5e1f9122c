import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { defineDevice, type DeviceState } from '../model/device.ts';
import { defineRule } from '../model/rule.ts';
import { defineHome } from '../model/home.ts';
import { each } from '../model/reads.ts';
import { simulation } from '../simulate/index.ts';
import {
  composed,
  defineCapability,
  doorLock,
  levelControl,
  onOff,
  smokeCoAlarm,
  temperatureMeasurement,
  thermostat,
} from './index.ts';

const lamp = defineDevice({ type: 'com.acme.lamp', ...composed(onOff, levelControl) });
const lock = defineDevice({ type: 'com.acme.lock', ...composed(doorLock, smokeCoAlarm) });

describe('a device of capabilities', () => {
  const start = () =>
    simulation(defineApp({ source: 'urn:acme', parts: [lamp, lock] }), { speaksFor: () => true });

  it('has the state of each under its name', () => {
    const run = start();
    run.happen({ event: lamp.events.reported('l1', { levelControl: { currentLevel: 7 } }) });
    expect(run.read(lamp.ref('l1')).state.reported).toEqual({
      onOff: { onOff: false },
      levelControl: { currentLevel: 7 },
    });
  });

  it('takes wishes for what each lets be wished for, and no others', () => {
    const run = start();
    run.happen({ event: lamp.set('l1', { onOff: { onOff: true } }) });
    run.happen({ event: lamp.set('l1', { levelControl: { currentLevel: 254 } }) });
    expect(run.published.at(-1)?.data).toEqual({
      desired: { onOff: { onOff: true }, levelControl: { currentLevel: 254 } },
      desiredRev: 2,
    });
    const wrong = lamp.set('l1', { levelControl: { minLevel: 2 } as never });
    expect(run.happen({ event: wrong })[0]).toMatchObject({
      code: 'invalid-data',
      data: { field: 'data.levelControl.minLevel' },
    });
    const low = lamp.set('l1', { levelControl: { currentLevel: 0 } });
    expect(run.happen({ event: low })[0]).toMatchObject({ code: 'invalid-data' });
  });

  it('is given the commands of each, and their results are checked', () => {
    const run = start();
    run.happen({ event: lock.commands.unlockDoor('d1', { pinCode: '1234' }) });
    const given = run.published.map(({ data }) => data as { readonly command?: string });
    const command = given.at(-1)?.command ?? '';
    const answer = (lockState: string) =>
      lock.events.answered('d1', { command, status: 'succeeded', result: { lockState } });
    const principal = { kind: 'device', id: 'd1' } as const;
    expect(run.happen({ event: answer('open'), principal })[0]).toMatchObject({
      code: 'invalid-data',
    });
    run.happen({ event: answer('unlocked'), principal });
    expect(run.published.at(-1)?.data).toMatchObject({
      name: 'unlockDoor',
      status: 'succeeded',
      result: { lockState: 'unlocked' },
    });
  });

  it('rounds a setpoint as a thermostat does, and is told nothing more', () => {
    const valve = defineDevice({ type: 'com.acme.valve', ...composed(thermostat) });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [valve] }), {
      speaksFor: () => true,
    });
    run.happen({ event: valve.set('v1', { thermostat: { occupiedHeatingSetpoint: 18.3333 } }) });
    const rounded = { thermostat: { occupiedHeatingSetpoint: 18.33 } };
    run.happen({ event: valve.events.reported('v1', rounded) });
    run.happen({ event: valve.events.connected('v1', { session: '1' }) });
    const told = run.published.filter(({ type }) => type === 'com.acme.valve.desired');
    expect(told).toHaveLength(1);
  });

  it('is put together once: no two parts of one name', () => {
    expect(() => composed(onOff, onOff)).toThrow('have "onOff"');
    expect(() => composed(onOff, undefined as never)).toThrow('undefined at 1');
    const other = defineCapability({
      name: 'gate',
      state: z.object({}),
      initial: {},
      commands: { lockDoor: { data: z.object({}), expiresMs: 1_000 } },
    });
    expect(() => composed(doorLock, other)).toThrow('have "lockDoor"');
  });
});

it('takes capabilities of your own, reports beside them, and rules watch it', () => {
  const valvePosition = defineCapability({
    name: 'valve',
    state: z.object({ percent: z.number().min(0).max(100).nullable() }),
    initial: { percent: null },
    events: { stuck: { data: z.object({ percent: z.number() }) } },
  });
  const valve = defineDevice({
    type: 'com.acme.valve',
    ...composed(thermostat, temperatureMeasurement, valvePosition),
    reports: {
      temperature: {
        data: z.object({ celsius: z.number() }),
        apply: ({ celsius }, set) =>
          set({
            thermostat: { localTemperature: celsius },
            temperatureMeasurement: { measuredValue: celsius },
          }),
      },
    },
  });
  const home = defineHome({ type: 'com.acme.home', state: z.object({}), initial: {} });
  const cold = defineRule({
    name: 'cold',
    per: home,
    watch: { valves: each(valve) },
    when: {
      cold: ({ valves }) =>
        valves.some(({ state }) => (state.thermostat.localTemperature ?? 20) < 15),
    },
    emit: ({ valves }) =>
      valves.map(({ subject }) => valve.set(subject, { thermostat: { systemMode: 'heat' } })),
  });
  expect(() => defineApp({ source: 'urn:acme', parts: [valve, home, cold] })).not.toThrow();
  type State =
    ReturnType<typeof valve.ref> extends { readonly view: (state: unknown) => infer S } ? S : never;
  expectTypeOf<State['reported']['valve']>().toEqualTypeOf<{ percent: number | null }>();
  expectTypeOf(valve.events.stuck).parameter(1).toEqualTypeOf<{ percent: number }>();
});

it('infers everything', () => {
  type Reported = Parameters<typeof lamp.events.changed>[1];
  expectTypeOf<Reported['onOff']['onOff']>().toEqualTypeOf<boolean>();
  expectTypeOf<Reported['levelControl']['currentLevel']>().toEqualTypeOf<number | null>();
  expectTypeOf(lock.commands.lockDoor)
    .parameter(1)
    .toEqualTypeOf<{ pinCode?: string | undefined }>();
  expectTypeOf(lock.events.smokeAlarm)
    .parameter(1)
    .toEqualTypeOf<{ alarmSeverityLevel: 'normal' | 'warning' | 'critical' }>();
  // @ts-expect-error: a misspelt property is none.
  lamp.set('l1', { onOff: { isOn: true } });
  // @ts-expect-error: what cannot be wished for cannot be wished for.
  lock.set('d1', { doorLock: { lockState: 'locked' } });
  // @ts-expect-error: an alarm has no wishes.
  lock.set('d1', { smokeCoAlarm: {} });
  expectTypeOf<DeviceState<Reported, never>['reported']>().toExtend<Reported>();
});
