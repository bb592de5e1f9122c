import type { App } from '../app/define-app.ts';
import { logged } from '../app/telemetry.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { personalPaths, withoutPersonal } from '../model/personal.ts';

/**
 * What a log may show of an event: who it is by as `handle` logs it, the subject as a hash, and its data without what the schema of its type
 * marks as personal. The data of a type that the app does not know is left out.
 */
export function redactEvent(app: App, event: CloudEvent): Readonly<Record<string, unknown>> {
  const known = app.types.get(event.type);
  const version =
    known?.find(
      ({ older }) => older?.dataschema !== undefined && older.dataschema === event.dataschema,
    ) ?? known?.find(({ older }) => older?.dataschema === undefined);
  const schema = version?.older?.data ?? version?.event.data;
  const data = schema === undefined ? undefined : withoutPersonal(schema, event.data);
  return { ...logged(event), ...(data === undefined ? {} : { data }) };
}

/** Where personal data is: in the state that a handler keeps, or in the data of events of a type. */
export interface PersonalFields {
  readonly in: 'state' | 'event';
  /** The handler's name, or the event's type. */
  readonly name: string;
  /** Paths of properties, such as `guests.*.name`; an empty one is all of it. */
  readonly paths: readonly string[];
}

/** Lists everything of an app that schemas mark as personal: for the record of processing activities, and for a test that holds you to it. */
export function personalFields(app: App): readonly PersonalFields[] {
  const states = [...app.handlers.values()].map(
    ({ name, schema }) => ({ in: 'state', name, paths: personalPaths(schema) }) as const,
  );
  const events = new Map(
    [...app.types.values()].flat().map(({ event: { type, data } }) => [type, data] as const),
  );
  const data = [...events].map(
    ([name, schema]) => ({ in: 'event', name, paths: personalPaths(schema) }) as const,
  );
  return [...states, ...data].filter(({ paths }) => paths.length > 0);
}
