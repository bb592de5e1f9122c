import type { CloudEvent } from '../event/cloud-event.ts';
import type { Draft } from '../model/event.ts';

/** What makes an event of a draft: who says it, and the id by which a repetition is recognised. */
export interface Identity {
  /** The same whenever the same thing is said again, and another one for everything else. */
  readonly id: string;
  /** A URI-reference that names who says it: `/registry`. Never the app's own source. */
  readonly source: string;
  /** RFC 3339; left out when absent. */
  readonly time?: string;
}

/** Makes the event with which somebody outside tells the app something: `eventFrom(lives('t1', 'h1'), { id, source: '/registry' })`. */
export function eventFrom<T extends string, D>(
  { type, subject, data, partition }: Draft<T, D>,
  { id, source, time }: Identity,
): CloudEvent<T, D> {
  return {
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    data,
    ...(time === undefined ? {} : { time }),
    ...(partition === undefined ? {} : { partitionkey: partition }),
  };
}
