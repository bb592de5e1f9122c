import { handle, lives, type CloudEvent, type Draft } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { seededRandom, simulatedClock } from '@hearth/testing';
import { app, home, thermostat } from './heating.ts';
import { standstill } from './job.ts';

/** What a run leaves behind: the body of each record by its key, and each event by its id, byte for byte. */
export interface Ending {
  readonly records: Readonly<Record<string, string>>;
  readonly events: Readonly<Record<string, string>>;
}

const devices = 100;

/** What is said before: each thermostat lives in a home, and somebody comes home. */
export function beforehand(): readonly CloudEvent[] {
  return Array.from({ length: devices }, (_, device) => [
    eventOf(lives(`t${device}`, `h${device}`, thermostat), 'lives'),
    eventOf(home.set(`h${device}`, { occupants: 1 }), 'home'),
  ]).flat();
}

/** Readings of all thermostats in turns, each a walk of whole degrees in which every third step changes nothing. */
export function readings(seed: number, count: number): readonly CloudEvent[] {
  const random = seededRandom(seed);
  const celsius = Array.from({ length: devices }, () => 18);
  return Array.from({ length: count }, (_, index) => {
    const device = index % devices;
    const step = Math.floor(random() * 3) - 1;
    const next = Math.min(22, Math.max(14, (celsius[device] as number) + step));
    celsius[device] = next;
    return eventOf(thermostat.events.temperature(`t${device}`, { celsius: next }), `${index}`);
  });
}

function eventOf({ type, subject, data }: Draft, id: string): CloudEvent {
  return { specversion: '1.0', id, source: `urn:acme:device:${subject}`, type, subject, data };
}

/** The undisturbed run: one event after the other, in memory. */
export async function undisturbed(events: readonly CloudEvent[]): Promise<Ending> {
  const [store, publisher] = [memoryStore(), memoryPublisher()];
  const runtime = { store, publisher, clock: simulatedClock(standstill) };
  for (const event of events) {
    await handle(app, [{ event, principal: { kind: 'service', id: 'test' } }], runtime);
  }
  return {
    records: Object.fromEntries([...store.entries()].map(([key, { body }]) => [key, body])),
    events: Object.fromEntries(publisher.published.map(({ event, body }) => [event.id, body])),
  };
}
