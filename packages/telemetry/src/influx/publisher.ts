import { HearthError, isHearthError } from '@hearth/core';
import type { CloudEvent, Incoming, Publisher, PublishResult } from '@hearth/core';
import { lineOf, type Point } from './line.ts';
import { writeLines, type Target, type Written } from './write.ts';

/** Makes points of an event; none of an event that is not wanted. */
export type PointsOf = (event: Incoming<never, never>) => Point | readonly Point[];

/** How points are published. */
export type InfluxPublisherOptions = InfluxPlace & {
  /** Where InfluxDB is: `http://127.0.0.1:8086`. */
  readonly url: string;
  /** Gives the token, or `user:password` for InfluxDB 1; asked for with every request and never shown. */
  readonly token?: () => string | Promise<string>;
  /** The points of each type of event. */
  readonly points: Readonly<Record<string, PointsOf>>;
  /** What becomes of a type without points. `skip`, unless given: it was for others. `fail`: it becomes a dead letter. */
  readonly unrouted?: 'skip' | 'fail';
  /** The most lines in one request: 5,000 unless given. */
  readonly maxLines?: number;
  /** How long an answer is waited for: 10,000 ms unless given. */
  readonly timeoutMs?: number;
};

/** What is written to: a database of InfluxDB 1, or a bucket of InfluxDB 2 and later. */
export type InfluxPlace =
  | { readonly db: string; readonly rp?: string; readonly bucket?: never; readonly org?: never }
  | { readonly bucket: string; readonly org: string; readonly db?: never; readonly rp?: never };

/**
 * Publishes points to InfluxDB, by line protocol over HTTP.
 *
 * A point that comes late or again changes nothing but what it was to change: InfluxDB knows it by its series and time. So events are sent
 * together, across calls too, and there is no order between them. If InfluxDB does not take all lines of a request, they are sent again in
 * halves until it is known whose they were: their events fail for good (`invalid-data`, `limit-exceeded`), the others are published. Without an answer,
 * at 429 and 5xx, and while it says that we may not write or that there is no database, everything fails to be tried again.
 *
 * @throws {HearthError} `invalid-option` for a `url` that is none, or without a database or bucket.
 */
export function influxPublisher(options: InfluxPublisherOptions): Publisher {
  const { points, unrouted = 'skip', maxLines = 5000, timeoutMs = 10_000 } = options;
  const target: Target = { url: urlOf(options), token: options.token, timeoutMs };
  const line = lines(target, maxLines);
  const publishOne = async (event: CloudEvent): Promise<PublishResult> => {
    const { type } = event;
    const pointsOf = Object.hasOwn(points, type) ? points[type] : undefined;
    // A dead letter is never for others.
    if (pointsOf === undefined && unrouted === 'skip' && type !== 'hearth.deadletter')
      return published;
    try {
      if (pointsOf === undefined) throw noPoints(type);
      const written = [pointsOf(event as Incoming<never, never>)].flat();
      const body = written.map((point) => lineOf(point, event.time));
      return body.length === 0 ? published : await line(body);
    } catch (cause) {
      if (isHearthError(cause)) return { outcome: 'failed', error: cause };
      const message = `The points of "${type}" could not be made.`;
      const error = new HearthError('invalid-data', message, { field: 'points', cause });
      return { outcome: 'failed', error };
    }
  };
  return { publish: (events) => Promise.all(events.map(({ event }) => publishOne(event))) };
}

const published: PublishResult = { outcome: 'published' };

function noPoints(type: string): HearthError {
  const message = `No points are given for "${type}".`;
  return new HearthError('invalid-option', message, { field: 'points' });
}

function urlOf({ url, db, rp, bucket, org }: InfluxPublisherOptions): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    refuse('url', 'must be the http:// or https:// address of InfluxDB');
  if (new URL(url).username !== '') refuse('url', 'must not hold a password: that is "token"');
  const base = url.replace(/\/+$/, '');
  const search = (values: Readonly<Record<string, string>>) =>
    new URLSearchParams({ ...values, precision: 'ns' }).toString();
  if (typeof db === 'string' && db !== '')
    return `${base}/write?${search({ db, ...(rp === undefined ? {} : { rp }) })}`;
  if (typeof bucket !== 'string' || bucket === '' || typeof org !== 'string')
    return refuse('db', 'must be given, or "bucket" and "org"');
  return `${base}/api/v2/write?${search({ bucket, org })}`;
}

function refuse(field: string, fix: string): never {
  throw new HearthError('invalid-option', `"${field}" of an influxPublisher ${fix}.`, { field });
}

/** The lines of one event, and who waits for them. */
interface Waiting {
  readonly lines: readonly string[];
  readonly resolve: (result: PublishResult) => void;
}

/** Gathers what comes while a request is under way, and sends it with the next one. */
function lines(target: Target, maxLines: number) {
  let waiting: Waiting[] = [];
  let isSending = false;
  const sendAll = async () => {
    isSending = true;
    // What is published in the same turn shares a request.
    await Promise.resolve();
    while (waiting.length > 0) {
      const taken = firstOf(waiting, maxLines);
      waiting = waiting.slice(taken.length);
      await send(target, taken);
    }
    isSending = false;
  };
  return (own: readonly string[]) =>
    new Promise<PublishResult>((resolve) => {
      waiting.push({ lines: own, resolve });
      if (!isSending) void sendAll();
    });
}

function firstOf(waiting: readonly Waiting[], maxLines: number): readonly Waiting[] {
  let count = 0;
  const end = waiting.findIndex(({ lines: { length } }, index) => {
    count += length;
    return index > 0 && count > maxLines;
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}

async function send(target: Target, taken: readonly Waiting[]): Promise<void> {
  const written = await writeLines(target, taken.flatMap(({ lines: own }) => own).join('\n'));
  if (written.outcome !== 'refused' || taken.length === 1) {
    for (const { resolve } of taken) resolve(resultOf(written));
    return;
  }
  const half = Math.ceil(taken.length / 2);
  await send(target, taken.slice(0, half));
  await send(target, taken.slice(half));
}

function resultOf(written: Written): PublishResult {
  if (written.outcome === 'taken') return published;
  return { outcome: 'failed', error: written.error };
}
