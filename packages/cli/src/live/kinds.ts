import type { App, Part } from '@hearth/core';

/**
 * What an event type means in an app: `reading` a device's report, `report` one about a home, `wish` and `command` what a device is
 * told, `desired` the wish on its way to the device, `inner` what only the app itself hears of.
 */
export type Kind = 'reading' | 'report' | 'wish' | 'command' | 'desired' | 'inner' | 'other';

/** A device or home of an app; a home has no commands. */
export interface Model extends Part {
  readonly type: string;
  readonly events: Readonly<Record<string, { readonly type: string; readonly madeBy?: string }>>;
  readonly commands?: Readonly<Record<string, { readonly type: string }>>;
}

const isModel = (part: Part): part is Model => 'type' in part && 'events' in part;

const special: Readonly<Record<string, Kind>> = {
  set: 'wish',
  desired: 'desired',
  changed: 'inner',
  left: 'inner',
  lapsed: 'inner',
  overdue: 'inner',
  presence: 'inner',
  request: 'command',
  ended: 'other',
  twin: 'other',
  imported: 'other',
  telemetry: 'other',
  reported: 'report',
  acknowledged: 'report',
  connected: 'report',
  disconnected: 'report',
  get: 'report',
  answered: 'report',
};

/** The devices and homes of an app. */
export function modelsOf({ parts }: App): readonly Model[] {
  return parts.filter(isModel);
}

/** Tells the event types of an app's devices and homes apart. */
export function kindsOf(app: App): (type: string) => Kind {
  const kinds = new Map<string, Kind>();
  for (const { type, events, commands } of modelsOf(app)) {
    const report = commands === undefined ? 'report' : 'reading';
    for (const [name, event] of Object.entries(events)) {
      kinds.set(event.type, Object.hasOwn(special, name) ? (special[name] ?? report) : report);
    }
    kinds.set(`${type}.set`, commands === undefined ? 'other' : 'wish');
    for (const command of Object.values(commands ?? {})) kinds.set(command.type, 'command');
  }
  return (type) => kinds.get(type) ?? 'other';
}
