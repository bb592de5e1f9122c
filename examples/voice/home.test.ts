import { fake, specify } from '@hearth/testing';
import { describe, it } from 'vitest';
import { app, asked, conversation, deferred, lock, patienceMs, tell, thermostat } from './home.ts';

const told = fake(tell, () => ({}));
const warm = { celsius: 19, setpointCelsius: 20, mode: 'heat' } as const;
const later = { alexa: 'token' };
const set = (celsius: number) => asked('t1', { wants: { what: 'setpoint', celsius }, later });
const awake = (setpointCelsius: number, more: object = {}) =>
  thermostat.events.status('t1', { ...warm, setpointCelsius, ...more });
const statusAt = (at: number, setpointCelsius: number) =>
  ({ kind: 'thermostat', at, ...warm, setpointCelsius }) as const;
const story = () => specify(app).calls(told).given(awake(20));

describe('a thermostat that is asked for another temperature', () => {
  it('gets a wish, and the answer waits for it', () =>
    story()
      .when(set(22))
      .emits(thermostat.set('t1', { setpointCelsius: 22 }))
      .after(2000)
      .when(awake(22))
      .emits(tell('t1', { to: null, status: statusAt(2000, 22) }))
      .leaves(conversation, 't1', { open: [] })
      .whateverHappens());

  it('answers late if it was asleep, to whom was told so', () =>
    story()
      .when(set(22))
      .after(6000)
      .when(deferred('t1', { question: 'story-2', later }))
      .emitsNothing()
      .after(30_000)
      .when(awake(22))
      .emits(
        tell('t1', { to: later, status: statusAt(36_000, 22) }),
        tell('t1', { to: null, status: statusAt(36_000, 22) }),
      ));

  it('answers late even if it woke up when nobody waited any more, and nobody had been told so', () =>
    story()
      .when(set(22))
      .given(awake(22))
      .when(deferred('t1', { question: 'story-2', later }))
      .emits(tell('t1', { to: later, status: statusAt(0, 22) })));

  it('is given up at last', () =>
    story()
      .given(set(22), deferred('t1', { question: 'story-2', later }))
      .after(patienceMs - 1)
      .emitsNothing()
      .after(1)
      .emits(tell('t1', { to: later, status: null }))
      .leaves(conversation, 't1', { open: [] }));

  it('answers at once if it is set to that already', () =>
    story().when(set(20)).emitsNothing().replies(statusAt(0, 20)).whateverHappens());

  it.each([
    [9.9, 'out-of-range'],
    [32.1, 'out-of-range'],
  ])('refuses %d °C', (celsius, code) => {
    story().when(set(celsius)).rejects(code);
  });

  it('refuses while it is off', () => {
    specify(app)
      .calls(told)
      .given(awake(20, { mode: 'off' }))
      .when(set(22))
      .rejects('is-off');
  });

  it('cannot be reached before it has ever said something', () => {
    specify(app).when(set(22)).rejects('unreachable');
  });
});

describe('a lock that is asked whether it is locked', () => {
  const ask = asked('l1', { wants: { what: 'status' }, later });
  const says = (isLocked: boolean, isJammed = false) =>
    lock.events.status('l1', { isLocked, isJammed });
  const status = (at: number) => ({ kind: 'lock', at, isLocked: true, isJammed: false }) as const;

  it('is believed for a minute, and then asked', () =>
    specify(app)
      .calls(told)
      .given(says(true))
      .after(60_000)
      .when(ask)
      .emitsNothing()
      .replies(status(0))
      .after(1)
      .when(ask)
      .emits(lock.commands.sayStatus('l1', {}))
      .after(100)
      .when(says(true))
      .emitsNothing()
      .leaves(conversation, 'l1', { open: [], status: status(60_101) })
      .whateverHappens());

  it('is told to turn, and jams', () =>
    specify(app)
      .calls(told)
      .given(says(false))
      .when(asked('l1', { wants: { what: 'locked', is: true }, later }))
      .emits(lock.commands.turn('l1', { isLocked: true }))
      .when(says(false, true))
      .leaves(conversation, 'l1', { open: [] }));

  it('has no temperature', () => {
    specify(app)
      .calls(told)
      .given(says(true))
      .when(asked('l1', { wants: { what: 'setpoint', celsius: 20 }, later }))
      .rejects('not-supported');
  });
});
