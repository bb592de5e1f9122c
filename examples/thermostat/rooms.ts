import { join } from 'node:path';
import type { Company, Host } from '@hearth/cli';
import { lives } from '@hearth/core';
import type { MqttClient } from 'mqtt';
import { connectDevice, say, type Say } from './device.ts';
import { flashOf } from './flash.ts';
import { home, thermostat } from './home.ts';
import { occupantsAt, shortDay, turnedDownCelsius } from './household.ts';
import { simulatedRoom, type SimulatedRoom } from './room.ts';
import { roomLines } from './room-lines.ts';

/** How many rooms there are, and how often each of them measures. */
export interface RoomsOptions {
  readonly folder: string;
  readonly devices: number;
  /** Readings a second from each room. */
  readonly rate: number;
}

/** Ten minutes of the rooms pass in a second of ours, so that there is something to see. */
const minutesPerMs = 10 / 1000;
const roomsPerHome = 5;
const tickMs = 20;
// Publications that the broker has not yet taken; beyond them the rooms measure less often.
const mostWaiting = 1000;

/** The bedroom is without a network for so long: half an hour of its own, in which the app wishes for something. */
const outage = { room: 2, fromMs: 4_000, forMs: 3_000 };

const names = ['living-room', 'kitchen', 'bedroom', 'bathroom', 'study'];

/** Lets simulated people live in simulated rooms beside the app: each room and each home's occupancy sensor is an MQTT client. */
export async function liveInRooms(host: Host, options: RoomsOptions): Promise<Company> {
  const homes = await furnish(host, options);
  const rooms = homes.flatMap((one) => one.rooms);
  const begun = performance.now();
  let waiting = 0;
  let isDropped = false;
  let measured = 0;
  let passed = begun;
  const measure = async (room: SimulatedRoom | undefined) => {
    waiting += 1;
    // What could not be said while the run ends is said by nobody.
    await room?.measure().catch(() => undefined);
    waiting -= 1;
  };
  const tick = () => {
    const now = performance.now();
    for (const room of rooms) room.pass((now - passed) * minutesPerMs);
    passed = now;
    for (const one of homes) one.follow(occupantsAt(shortDay, now - begun));
    if (!isDropped && now - begun > outage.fromMs) {
      isDropped = true;
      rooms[outage.room]?.drop(outage.forMs);
    }
    const due = Math.floor(((now - begun) / 1000) * options.rate * rooms.length);
    // After a pause the rooms do not make up for what they have not measured.
    measured = Math.max(measured, due - rooms.length);
    const room = Math.max(0, mostWaiting - waiting);
    const until = Math.min(due, measured + room);
    for (; measured < until; measured += 1) void measure(rooms[measured % rooms.length]);
  };
  const timer = setInterval(tick, tickMs);
  return {
    panel: (colors) => roomLines(host.home.runtime, homes, colors),
    async stop() {
      clearInterval(timer);
      await Promise.all([...rooms, ...homes].map((one) => one.leave()));
    },
  };
}

/** A home with its rooms and its occupancy sensor. */
export interface FurnishedHome {
  readonly name: string;
  readonly rooms: readonly SimulatedRoom[];
  /** People come and go. */
  follow(occupants: number): void;
  leave(): Promise<void>;
}

async function furnish(host: Host, options: RoomsOptions): Promise<readonly FurnishedHome[]> {
  const count = Math.ceil(options.devices / roomsPerHome);
  const homes = Array.from({ length: count }, (_, index) => {
    const first = index * roomsPerHome;
    const size = Math.min(roomsPerHome, options.devices - first);
    return furnishOne(host, options, `h${index + 1}`, size);
  });
  return Promise.all(homes);
}

async function furnishOne(
  { home: running, tally }: Host,
  { folder }: RoomsOptions,
  name: string,
  size: number,
): Promise<FurnishedHome> {
  const named = (room: string) => (name === 'h1' ? room : `${name}-${room}`);
  const rooms = await Promise.all(
    names.slice(0, size).map((room, index) => {
      const flash = flashOf(join(folder, 'devices'), named(room));
      const start = { ...coldStart, inertiaMinutes: 90 + 15 * index, celsius: 20 + index / 2 };
      return simulatedRoom(running.url, named(room), start, flash, tally.published);
    }),
  );
  await running.tell(...rooms.map((room) => lives(room.name, name, thermostat)));
  const sensor = await connectDevice(running.url, `sensor-${name}`, name);
  const tell = say(sensor, `urn:acme:sensor:${name}`, tally.published);
  const turnDown = () =>
    running.tell(
      ...rooms.map((room) =>
        thermostat.set(room.name, { occupiedHeatingSetpoint: turnedDownCelsius }),
      ),
    );
  return occupied(name, rooms, sensor, { tell, turnDown });
}

const coldStart = { celsius: 20, setpointCelsius: 21, isHeating: false };

function occupied(
  name: string,
  rooms: readonly SimulatedRoom[],
  sensor: MqttClient,
  people: { readonly tell: Say; turnDown(): Promise<unknown> },
): FurnishedHome {
  let inside: number | undefined;
  return {
    name,
    rooms,
    follow(occupants) {
      if (occupants === inside) return;
      const isLeft = occupants === 0 && inside !== undefined;
      inside = occupants;
      // With the app on their phones: a dial that is turned by hand would be turned back by the wish that still stands.
      const turned = isLeft ? [people.turnDown()] : [];
      const told = people.tell(home.events.occupancy(name, { occupants }));
      void Promise.allSettled([told, ...turned]);
    },
    leave: () => sensor.endAsync(),
  };
}
