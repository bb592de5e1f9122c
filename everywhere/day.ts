import { lives, type Draft, type Principal } from '@hearth/core';
import type { CloudEvent } from '@hearth/core/event';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { home, thermostat } from './home.ts';

/** What came at one instant (ms), in the order in which it came. */
export interface Moment {
  readonly at: number;
  readonly messages: readonly TriggerMessage[];
  /** Whether a sweep runs after them. */
  readonly sweep?: true;
}

const homes = ['h1', 'h2', 'h3'] as const;
const midnight = Date.UTC(2024, 1, 29);
const minuteMs = 60_000;

const device = (id: string): Principal => ({ kind: 'device', id });
const registry: Principal = { kind: 'service', id: 'registry' };

let count = 0;

function said(
  principal: Principal,
  { type, subject, data }: Pick<Draft, 'type' | 'data'> & { readonly subject?: string },
  rest: Partial<CloudEvent> = {},
) {
  count += 1;
  const event: CloudEvent = {
    specversion: '1.0',
    id: `${principal.id}/${count}`,
    source: `urn:acme:${principal.kind}:${principal.id}`,
    type,
    ...(subject === undefined ? {} : { subject }),
    datacontenttype: 'application/json',
    data,
    ...rest,
  };
  return { principal, event };
}

const noEvent = (id: string, raw: string): TriggerMessage => ({ principal: device(id), raw });

/** What a thermostat of a room measures: it is coldest at seven and warmest at seven; each room is a little different. */
function climate(id: string, hour: number) {
  const room = Number(id.slice(-1)) + Number(id[1]);
  const celsius = 16.4 + room / 4 - 2.5 * Math.cos(((hour - 7) / 12) * Math.PI);
  // Most readings say what the last one said.
  return thermostat.events.climate(id, { celsius: Math.round(celsius), humidity: 41.5 });
}

const ring = (id: string, finger: string) => ({
  type: 'com.acme.doorbell.rung',
  subject: id,
  data: { finger },
});

/** How many people are in a home at an hour: the first leaves at seven, and they come back one after the other from four on. */
function occupants(id: string, hour: number): number {
  const late = Number(id.slice(1));
  if (hour < 7 || hour >= 16 + late) return 2;
  return hour === 7 || hour === 15 + late ? 1 : 0;
}

/** One hour of one home as its devices tell it, one after the other, each at an instant of its own. */
function hourOf(id: string, hour: number): readonly (readonly TriggerMessage[])[] {
  const room = `${id}-t${1 + (hour % 2)}`;
  // What the core does not know is nobody's business, and must not get lost.
  const extensions = hour === 10 ? { floor: 3, spare: true } : {};
  const report = said(device(room), climate(room, hour), extensions);
  const time = new Date(midnight + hour * 60 * minuteMs).toISOString();
  const panel = home.events.occupancy(id, { occupants: occupants(id, hour) });
  // No answer came in time, so that the device sends again what it has sent, now and then more than once.
  const again = [[report], [], [report, report], []][hour % 4] ?? [];
  const told = hour % 3 < 2 ? [report, ...again] : [];
  return [told, hour % 2 === 1 ? [said(device(id), panel, { time })] : []];
}

/** What goes wrong: each in the home and by the device in whose turn it comes. */
function troubles(id: string): Readonly<Record<number, readonly TriggerMessage[]>> {
  const bell = `${id}-bell`;
  const [one, two] = [`${id}-t1`, `${id}-t2`];
  const first = said(device(bell), ring(bell, 'thumb'), { sequence: '000007' });
  const frozen = said(device(one), climate(one, 5), { id: `${one}/frozen` });
  const other = id === 'h1' ? 'h2' : 'h1';
  return {
    // A bell in a burst: two, one of them twice, and one that was overtaken.
    1: [first, said(device(bell), ring(bell, 'palm'), { sequence: '000009' }), first],
    2: [said(device(bell), ring(bell, 'late'), { sequence: '000008' })],
    3: [
      said(device(bell), ring(bell, 'tiny'), { sequence: '000010' }),
      noEvent(bell, '{"specversion":"1.0","id":"cut/1","source":"urn:acme:device","ty'),
      said(device(bell), ring(bell, 'nose'), { sequence: '000011' }),
    ],
    // One id for two things.
    5: [frozen, said(device(one), climate(one, 15), { id: `${one}/frozen` }), frozen],
    6: [
      said(device(two), { ...climate(two, 6), data: { celsius: 400, humidity: 40 } }),
      said(device(two), climate(two, 7)),
      said(device(two), { ...climate(two, 6), data: null }),
    ],
    // A device speaks for its neighbour's, says what only people may, and where it lives.
    8: [said(device(one), climate(`${other}-t1`, 8)), said(device(one), climate(one, 8.5))],
    9: [said(device(one), thermostat.set(one, { occupiedHeatingSetpoint: 30 }))],
    10: [
      said(device(two), lives(two, other)),
      said(device(two), { ...climate(two, 9), type: 'com.other.thing' }),
    ],
    11: [
      said(device(bell), { type: 'com.acme.doorbell.rung', data: {} }),
      noEvent(bell, `{"specversion":"1.0","id":"1","source":"urn:acme","type":"t","subject":""}`),
    ],
    12: [noEvent(one, '{"specversion":"0.3","id":"old","source":"urn:acme","type":"t"}')],
    13: [noEvent(two, 'temp=21.5;bat=3.1')],
    // A thermostat was out of reach since noon: what it measured then comes in the evening.
    20: [12, 14, 18].map((hour) =>
      said(device(two), climate(two, hour + 0.5), {
        time: new Date(midnight + hour * 60 * minuteMs).toISOString(),
      }),
    ),
  };
}

/** What people and services say. */
function people(id: string): Readonly<Record<number, readonly TriggerMessage[]>> {
  const user: Principal = { kind: 'user', id: `ada@${id}` };
  const one = `${id}-t1`;
  const wish = said(user, thermostat.set(one, { occupiedHeatingSetpoint: 19 }));
  return {
    4: [wish, wish],
    14: [said(user, thermostat.set(`x${one}`, { occupiedHeatingSetpoint: 30 }))],
    15: [said(user, thermostat.set(one, { occupiedHeatingSetpoint: 99 }))],
    18: [said(user, thermostat.commands.show(one, { text: 'Dinner – 19 °C' }))],
    // One thermostat moves next door.
    ...(id === 'h3' ? { 17: [said(registry, lives('h3-t1', 'h2'))] } : {}),
  };
}

/**
 * The recorded day of three homes.
 *
 * At one instant each home hears of one sender at most, so that whatever order the homes are handled in, each record is told the same in one
 * order. Only a move concerns two homes, and is alone.
 */
export function recordedDay(): readonly Moment[] {
  count = 0;
  const moments: Moment[] = ['t1', 't2'].map((name, index) => ({
    at: midnight + index,
    messages: homes.map((id) => said(registry, lives(`${id}-${name}`, id))),
  }));
  const wrong = homes.slice(0, 2).map(troubles);
  const wished = homes.map(people);
  for (let hour = 0; hour < 24; hour += 1) {
    const at = midnight + hour * 60 * minuteMs;
    // The third home is a quiet one.
    const hours = homes.map((id) => (id === 'h3' && hour % 6 > 0 ? [] : hourOf(id, hour)));
    const turns = [0, 1].map((turn) => hours.map((each) => each[turn] ?? []));
    const rows = [
      ...turns,
      wrong.map((each) => each[hour] ?? []),
      wished.map((each) => each[hour] ?? []),
    ];
    rows.forEach((row, index) => {
      const messages = row.flat();
      if (messages.length > 0) moments.push({ at: at + (5 + index * 13) * minuteMs, messages });
    });
    if (hour % 4 === 3) moments.push({ at: at + 59 * minuteMs, messages: [], sweep: true });
  }
  return moments;
}
