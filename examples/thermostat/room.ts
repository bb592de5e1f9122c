import { randomUUID } from 'node:crypto';
import type { CloudEvent } from '@hearth/core';
import { decodeMqtt } from '@hearth/core/event';
import { connectDevice, messageOf, say, type Published } from './device.ts';
import type { Flash } from './flash.ts';
import { later, type Room } from './heat.ts';
import { thermostat } from './home.ts';

/** A simulated thermostat on the wall of a simulated room: an MQTT client of its own, that knows nothing of the app. */
export interface SimulatedRoom {
  readonly name: string;
  readonly state: Room;
  /** What its display shows. */
  readonly display: string;
  /** Lets time pass in the room. */
  pass(minutes: number): void;
  /** Publishes the temperature, if there is a connection; resolves when the broker has it. */
  measure(): Promise<void>;
  /** Somebody turns the dial. */
  turn(celsius: number): Promise<void>;
  /** Its network breaks down, and comes back after so long (ms). */
  drop(forMs: number): void;
  leave(): Promise<void>;
}

const showsForMs = 3000;

/** Puts a thermostat on the wall. Its `flash` is what it still knows from before. */
export async function simulatedRoom(
  url: string,
  name: string,
  start: Room,
  flash: Flash,
  published: Published,
): Promise<SimulatedRoom> {
  const { newest: known = -1, ...kept } = flash.read() ?? {};
  let room = { ...start, ...kept };
  let newest = known;
  let display = { text: '', until: 0 };
  const source = `urn:acme:device:${name}`;
  let session = '';
  const client = await connectDevice(url, `room-${name}`, name, () => {
    session = randomUUID();
    return messageOf(thermostat.events.disconnected(name, { session }), source);
  });
  const topic = (event: string) => `thermostat/${name}/${event}`;
  const tell = say(client, source, published);
  const keep = () => {
    const { celsius, setpointCelsius } = room;
    flash.write({ celsius, setpointCelsius, newest });
  };
  const turn = async (setpointCelsius: number) => {
    room = { ...room, setpointCelsius };
    keep();
    await tell(thermostat.events.reported(name, { occupiedHeatingSetpoint: setpointCelsius }));
  };
  const obey = async (setpointCelsius: number, desiredRev: number) => {
    room = { ...room, setpointCelsius };
    keep();
    const reported = { occupiedHeatingSetpoint: setpointCelsius };
    await tell(thermostat.events.acknowledged(name, { desiredRev, status: 'applied', reported }));
  };
  // It then hears all that it still has to do, once.
  const greet = () => tell(thermostat.events.connected(name, { session }));
  client.on('message', (_topic, payload) => {
    // Emptying a retained message is a message, too.
    if (payload.length === 0) return;
    const { type, data } = eventIn(payload);
    if (type === thermostat.commands.show.type) {
      display = { text: (data as { text: string }).text, until: Date.now() + showsForMs };
      return;
    }
    if (type !== thermostat.events.desired.type) return;
    // An older wish that comes late, or one that has been obeyed already, must not undo what happened since.
    const { desired, desiredRev } = data as Desired;
    if (desiredRev <= newest) return;
    newest = desiredRev;
    const { occupiedHeatingSetpoint: wished } = desired;
    if (wished === undefined) keep();
    else void obey(wished, desiredRev).catch(() => undefined);
  });
  // A device that remembers nothing is new: what was wished of another one by its name is not for it.
  if (known === -1) await client.publishAsync(topic('desired'), '', { qos: 1, retain: true });
  await client.subscribeAsync([topic('desired'), topic('show')], { qos: 1 });
  await turn(room.setpointCelsius);
  await greet();
  client.on('connect', () => void greet().catch(() => undefined));
  return {
    name,
    get state() {
      return room;
    },
    get display() {
      return Date.now() < display.until ? display.text : '';
    },
    pass(minutes) {
      room = later(room, minutes);
    },
    async measure() {
      keep();
      // How warm it was interests nobody later.
      if (!client.connected) return;
      const celsius = Math.round(room.celsius * 10) / 10;
      await tell(thermostat.events.temperature(name, { celsius }));
    },
    turn,
    drop(forMs) {
      client.options.reconnectPeriod = forMs;
      client.stream.destroy();
    },
    async leave() {
      // Who leaves in peace has no last will.
      const bye = tell(thermostat.events.disconnected(name, { session }));
      if (client.connected) await bye.catch(() => undefined);
      else bye.catch(() => undefined);
      await client.endAsync();
    },
  };
}

/** A device takes no harm from what is no event. */
function eventIn(payload: Uint8Array): Pick<CloudEvent, 'type' | 'data'> {
  try {
    return decodeMqtt({ payload });
  } catch {
    return { type: 'unreadable' };
  }
}

interface Desired {
  readonly desired: { readonly occupiedHeatingSetpoint?: number };
  readonly desiredRev: number;
}
