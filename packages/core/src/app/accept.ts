import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { EventType, Incoming, OlderVersion } from '../model/event.ts';
import { check } from '../model/schema.ts';
import type { App } from './define-app.ts';

/**
 * Checks an event's data and brings an older version up to today's: the event as steps see it.
 *
 * Identity, source and attributes stay those of the event that came; only type and data change.
 *
 * @throws {HearthError} `unknown-type` when the app does not know the type, `invalid-data` with the path of the property when the data
 * does not fit, `invalid-event` when it is about nothing.
 */
export function accept(app: App, event: CloudEvent): Incoming {
  const known = app.types.get(event.type);
  if (known === undefined) {
    throw new HearthError(
      'unknown-type',
      `This app does not know events of type "${event.type}".`,
      { field: 'type' },
    );
  }
  if (event.subject === undefined || event.subject === '') {
    throw new HearthError('invalid-event', `"${event.type}" needs a subject: what it is about.`, {
      field: 'subject',
    });
  }
  const older = known.find(
    (one) => one.older?.dataschema !== undefined && one.older.dataschema === event.dataschema,
  );
  const version = older ?? known.find((one) => one.older?.dataschema === undefined) ?? known[0];
  const type = version?.event as EventType;
  if (version?.older === undefined) return checked(type, type.data, event);
  const old = checked(type, version.older.data, event);
  return checked(type, type.data, { ...old, data: upcast(type, version.older, old.data) });
}

function checked(type: EventType, schema: EventType['data'], event: CloudEvent): Incoming {
  const result = check(schema, event.data);
  if (result.issue !== undefined) {
    const { at, message } = result.issue;
    const field = at === '' ? 'data' : `data.${at}`;
    throw new HearthError(
      'invalid-data',
      `The data of "${event.type}" does not fit at "${field}": ${message}`,
      { field },
    );
  }
  // Most events are as they should be and are not copied.
  return (
    result.value === event.data && type.type === event.type
      ? event
      : { ...event, type: type.type, data: result.value }
  ) as Incoming;
}

function upcast(type: EventType, older: OlderVersion, data: unknown): unknown {
  try {
    return older.upcast(data as never);
  } catch (cause) {
    throw new HearthError(
      'invalid-data',
      `An older "${type.type}" could not be brought up to date.`,
      { field: 'data', cause },
    );
  }
}
