import { lives, type Draft, type Principal } from '@hearth/core';
import { simulation } from '@hearth/core/simulate';
import { expect, it } from 'vitest';
import { app, home, thermostat } from './home.ts';

const device: Principal = { kind: 'device', id: 'bedroom' };

it('tells a thermostat that was away for a minute once what to do, and is told when it is done', () => {
  const run = simulation(app);
  const said = (event: Draft) => run.happen({ event, principal: device });
  const twin = () => run.read(thermostat.ref('bedroom')).state;
  const told = () => run.published.filter(({ type }) => type === thermostat.events.desired.type);
  run.happen({ event: lives('bedroom', 'h1', thermostat) });
  said(thermostat.events.connected('bedroom', { session: '1' }));
  said(thermostat.events.reported('bedroom', { occupiedHeatingSetpoint: 8 }));
  said(thermostat.events.disconnected('bedroom', { session: '1' }));
  run.happen({ event: thermostat.set('bedroom', { occupiedHeatingSetpoint: 17 }) });
  run.happen({ event: home.set('h1', { occupants: 1 }) });
  expect(twin()).toMatchObject({
    reported: { occupiedHeatingSetpoint: 8 },
    desired: { occupiedHeatingSetpoint: 21 },
    sent: { occupiedHeatingSetpoint: 21 },
  });
  run.advanceTo(60_000);
  const before = told().length;
  said(thermostat.events.connected('bedroom', { session: '2' }));
  const { desiredRev } = twin();
  expect(
    told()
      .slice(before)
      .map(({ data }) => data),
  ).toEqual([{ desired: { occupiedHeatingSetpoint: 21 }, desiredRev }]);
  const reported = { occupiedHeatingSetpoint: 21 };
  said(thermostat.events.acknowledged('bedroom', { desiredRev, status: 'applied', reported }));
  expect(twin()).toMatchObject({ reported, acknowledged: { desiredRev, status: 'applied' } });
  expect(twin().sent).toBeUndefined();
  said(thermostat.events.connected('bedroom', { session: '3' }));
  expect(told()).toHaveLength(before + 1);
});
