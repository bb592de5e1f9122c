import { openOf, nextEnd, type Twin } from '../twin/twin.ts';
import { isDocument, same, valueAt, type Document, type Path } from '../twin/document.ts';
import { patchIssue, recounted, sizeAfter, twinLimits, type TwinIssue } from '../twin/limits.ts';
import type { KeepsNull } from '../twin/merge-patch.ts';
import type { Tolerance } from '../twin/delta.ts';
import type { Events, LooseDevice } from './device-events.ts';
import type { Draft } from './event.ts';
import type { Outcome, Rejection } from './handler.ts';
import type { Barred } from './standing.ts';
import { takesNull } from './shape.ts';

/** What a device's record holds, whatever its properties. */
export interface DeviceTwin extends Twin {
  readonly home: string | null;
  /** Why nothing is taken from it, or given to it. */
  readonly barred?: Barred | undefined;
}

/** Whether the device has ever said something or been asked for something. */
export const isKnown = ({ reportedRev, desiredRev }: Twin): boolean =>
  reportedRev > 0 || desiredRev > 0;

/** Whether `null` is a value of a reported property. */
export const keepsNull =
  ({ state }: LooseDevice): KeepsNull =>
  (path) =>
    takesNull(state, path);

/** How exact a device has to be. */
export const toleranceOf =
  ({ tolerance = {} }: LooseDevice): Tolerance =>
  (path: Path) =>
    (valueAt(tolerance, path) as number | undefined) ?? 0;

/** What a document has that no twin of this device may have. */
export function documentIssue(device: LooseDevice, document: unknown): TwinIssue | undefined {
  const limits = twinLimits[device.limits ?? 'default'];
  return isDocument(document) ? patchIssue(document, limits) : undefined;
}

/** Says no to what would make a half of a twin too large for where it may be mirrored. */
export function tooLarge(
  device: LooseDevice,
  before: Document,
  changes: Document,
  half: Document,
): Rejection | undefined {
  const { maxBytes } = twinLimits[device.limits ?? 'default'];
  // What is counted is no less than what is there, so it is counted anew before anybody is told.
  if (sizeAfter(before, changes, half) <= maxBytes) return undefined;
  const size = recounted(half);
  if (size <= maxBytes) return undefined;
  const message = `It would make this half of the twin ${size} bytes long; at most ${maxBytes} are kept.`;
  return { code: 'limit-exceeded', data: { field: 'data', message } };
}

/**
 * What follows from a changed twin: the device is told what it still has to do, if that is not what it was told last, and the next wish that
 * ends has a timer.
 */
export function settled(
  device: LooseDevice,
  events: Events,
  { before, after, subject }: Change,
  how: { readonly again?: boolean } = {},
): Settled {
  const open = hasWishes(after) ? openOf(after, toleranceOf(device)) : undefined;
  const isNews = !same(open, after.sent) || (open === undefined && isTakenBack(before, after));
  const isTold =
    open === undefined
      ? isNews && after.desiredRev > before.desiredRev
      : isNews || how.again === true;
  const told = isTold ? [tell(events, subject, after, open)] : [];
  const next: DeviceTwin = same(open, after.sent) ? after : { ...after, sent: open };
  return { state: next, emit: told, ...timerOf(events, before, after, subject) };
}

/** The outcome of a change, with the drafts in a list. */
export interface Settled extends Outcome<DeviceTwin> {
  readonly emit: readonly Draft[];
}

/** A step's change of a twin. */
export interface Change {
  readonly before: DeviceTwin;
  readonly after: DeviceTwin;
  readonly subject: string;
}

function hasWishes({ desired }: Twin): boolean {
  for (const _ in desired) return true;
  return false;
}

const isTakenBack = (before: Twin, after: Twin): boolean =>
  after.desiredRev > before.desiredRev &&
  Object.keys(after.desired).length < Object.keys(before.desired).length;

/** What a device has still to do, for the device. It is all of it, so that any earlier one may be missed. */
function tell(events: Events, subject: string, twin: DeviceTwin, open: Document = {}): Draft {
  const { desiredRev, home } = twin;
  const desired = events['desired'];
  if (desired === undefined) throw new TypeError('Every device has the event type "desired".');
  return desired(subject, { desired: open, desiredRev }, { partition: home ?? subject });
}

/** The news of a changed state, for where the device lives. */
export function changed(
  events: Events,
  subject: string,
  reported: Document,
  home: string | null,
): readonly Draft[] {
  const draft = events['changed']?.(subject, reported, { partition: home ?? subject });
  return draft === undefined ? [] : [draft];
}

function timerOf(
  events: Events,
  before: DeviceTwin,
  after: DeviceTwin,
  subject: string,
): Pick<Outcome, 'timers' | 'cancel'> {
  const at = nextEnd(after);
  if (at === nextEnd(before)) return {};
  if (at === undefined) return { cancel: [endKey] };
  const event = events['lapsed']?.(subject, {}, { partition: after.home ?? subject });
  return event === undefined ? {} : { timers: [{ key: endKey, at, event }] };
}

const endKey = 'until';
