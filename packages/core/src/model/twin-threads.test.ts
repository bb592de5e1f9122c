import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { defineDevice } from './device.ts';
import type { Draft } from './event.ts';

// What people reported of other twins, by repository and issue.
const valve = defineDevice({
  type: 'com.acme.valve',
  state: z.object({
    percent: z.number(),
    schedule: z.array(z.object({ at: z.string(), percent: z.number() })),
  }),
  initial: { percent: 0, schedule: [] },
  writable: z.object({
    percent: z.number(),
    schedule: z.array(z.object({ at: z.string(), percent: z.number() })),
  }),
});
const device: Principal = { kind: 'device', id: 'v1' };

function start() {
  const run = simulation(defineApp({ source: 'urn:acme', parts: [valve] }), {
    speaksFor: () => true,
  });
  const said = (event: Draft) => run.happen({ event, principal: device })[0];
  const set = (wish: Parameters<typeof valve.set>[1]) =>
    run.happen({ event: valve.set('v1', wish) })[0];
  const told = () =>
    run.published.flatMap(({ type, data }) =>
      type === valve.events.desired.type
        ? [data as { readonly desired: object; readonly desiredRev: number }]
        : [],
    );
  const twin = () => run.read(valve.ref('v1')).state;
  return { run, said, set, told, twin };
}

describe('a device that drops what is not newer than what it has', () => {
  it('misses no delta because it reported in between (embedded-C#32, #71, #90)', () => {
    const { said, set, told } = start();
    let newest = 0;
    const obeyed: object[] = [];
    for (const percent of [10, 20, 30]) {
      set({ percent });
      for (let report = 0; report < 5; report += 1)
        said(valve.events.reported('v1', { schedule: [{ at: `${report}`, percent }] }));
      for (const { desired, desiredRev } of told())
        if (desiredRev > newest) {
          newest = desiredRev;
          obeyed.push(desired);
        }
    }
    expect(obeyed).toEqual([{ percent: 10 }, { percent: 20 }, { percent: 30 }]);
  });

  it('ends as was wished last in whatever order deltas come (device-sdk-python#92)', () => {
    const { set, told } = start();
    for (const percent of [10, 20, 30]) set({ percent });
    const orders = [told(), told().toReversed()];
    const ends = orders.map((all) =>
      all.reduce((last, one) => (one.desiredRev > last.desiredRev ? one : last)),
    );
    expect(ends).toEqual([
      { desired: { percent: 30 }, desiredRev: 3 },
      { desired: { percent: 30 }, desiredRev: 3 },
    ]);
  });
});

it('tells arrays of objects, whole (embedded-C#184)', () => {
  const { set, said, told } = start();
  const schedule = [{ at: '07:00', percent: 50 }];
  set({ schedule });
  said(valve.events.reported('v1', { schedule: [{ at: '07:00', percent: 40 }] }));
  expect(told().map(({ desired }) => desired)).toEqual([{ schedule }]);
  said(valve.events.reported('v1', { schedule }));
  expect(said(valve.events.connected('v1', { session: '1' }))).toEqual({ verdict: 'done' });
  expect(told()).toHaveLength(1);
});

it('brings what was wished for in an absence without a full read (sdk-csharp#3423, iotedge#1654)', () => {
  const { said, set, told } = start();
  said(valve.events.connected('v1', { session: '1' }));
  said(valve.events.disconnected('v1', { session: '1' }));
  set({ percent: 40 });
  const before = told().length;
  said(valve.events.connected('v1', { session: '2' }));
  expect(told().slice(before)).toEqual([{ desired: { percent: 40 }, desiredRev: 1 }]);
});

it('lets a device acknowledge the last of several versions at once (sdk-python#510)', () => {
  const { said, set, told, twin } = start();
  for (const percent of [10, 20, 30]) set({ percent });
  const reported = { percent: 30 };
  said(valve.events.acknowledged('v1', { desiredRev: 3, status: 'applied', reported }));
  said(valve.events.acknowledged('v1', { desiredRev: 1, status: 'rejected' }));
  expect(twin()).toMatchObject({ reported, acknowledged: { desiredRev: 3, status: 'applied' } });
  said(valve.events.connected('v1', { session: '1' }));
  expect(told()).toHaveLength(3);
});

it('tells nobody that a value is what it was (sdk-csharp#954)', () => {
  const { said, set, told, twin } = start();
  set({ percent: 10, schedule: [{ at: '7', percent: 1 }] });
  set({ percent: 10 });
  set({ schedule: [{ percent: 1, at: '7' }] });
  said(valve.events.reported('v1', { percent: 0 }));
  expect(told()).toHaveLength(1);
  expect(twin()).toMatchObject({ desiredRev: 1, reportedRev: 0 });
});
