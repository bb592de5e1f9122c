import { leavesOf, pointerOf, type Document } from '../twin/document.ts';
import {
  conflictOf,
  markAt,
  revOf,
  withAcknowledgement,
  withReport,
  withWishes,
  withoutLapsed,
  type Mark,
  type Marks,
  type Saying,
} from '../twin/twin.ts';
import type { Events, LooseDevice } from './device-events.ts';
import { keepsNull, settled, toleranceOf, tooLarge, type DeviceTwin } from './device-twin.ts';
import type { Incoming } from './event.ts';
import type { Outcome, StepInput } from './handler.ts';
import { checkNamed } from './partial.ts';
import { shapeOf } from './shape.ts';
import { termsOf, type Acknowledged } from './twin-schemas.ts';

type Input<D = never> = StepInput<DeviceTwin, Incoming<string, D>, unknown>;

/** Takes a wish of somebody, and tells the device what it has to do now. */
export function wish(
  device: LooseDevice,
  events: Events,
  { state, event, now, principal }: Input<Document>,
): Outcome<DeviceTwin> {
  const { given, rest } = termsOf(event.data);
  const { $until, $ifRev: ifRev, $ifDesiredRev: ifDesiredRev, $ifPath: ifPath } = given;
  const conflict = conflictOf(state, { ifRev, ifDesiredRev, ifPath });
  if (conflict !== undefined)
    return { reject: { code: 'rev-conflict', data: { failed: conflict, current: twinOf(state) } } };
  const until = $until === undefined ? undefined : Date.parse($until);
  if (until !== undefined && until <= now) return { reject: { code: 'expired' } };
  const by = `${principal.kind}:${principal.id}`;
  const after = withWishes(state, rest, { now, until, by });
  if (after === state) return {};
  const issue = wishIssue(device, after);
  if (issue !== undefined)
    return {
      reject: { code: 'invalid-data', data: { field: `data.${issue.at}`, message: issue.message } },
    };
  const reject = tooLarge(device, state.desired, rest, after.desired);
  if (reject !== undefined) return { reject };
  return settled(device, events, change(state, after, event));
}

/** How wishes go together with each other, and with what is reported of the writable properties that nobody wishes for. */
function wishIssue({ writable }: LooseDevice, { desired, reported: state }: DeviceTwin) {
  if (writable === undefined) return undefined;
  const shape = shapeOf(writable);
  const others = Object.entries(state).filter(([name]) => Object.hasOwn(shape ?? state, name));
  const together = { ...Object.fromEntries(others), ...desired };
  return checkNamed(writable, Object.keys(desired), together).issue;
}

/** Ends the wishes whose time is over. */
export function lapse(
  device: LooseDevice,
  events: Events,
  { state, event, now }: Input,
): Outcome<DeviceTwin> {
  return settled(device, events, change(state, withoutLapsed(state, now), event));
}

/** Takes what a device says of the wishes that it was told. */
export function acknowledge(
  device: LooseDevice,
  events: Events,
  { state, event, now }: Input<Acknowledged<Document>>,
): Outcome<DeviceTwin> {
  const { desiredRev, status, code, properties, reported: patch } = event.data;
  if (desiredRev > state.desiredRev) {
    const message = `The device was told nothing beyond revision ${state.desiredRev}.`;
    return { reject: { code: 'invalid-data', data: { field: 'data.desiredRev', message } } };
  }
  const saying: Saying = { now, sequence: event.sequence };
  const said = patch === undefined ? state : withReport(state, patch, saying, keepsNull(device));
  const meant = new Set(properties);
  const after = withAcknowledgement(
    said,
    { desiredRev, status, ...(code === undefined ? {} : { code }) },
    (path) =>
      properties === undefined || meant.has(path[0] as string) || meant.has(pointerOf(path)),
    toleranceOf(device),
  );
  return settled(device, events, change(state, after, event));
}

/** Tells a device that has come back what it still has to do, once more. */
export function remind(
  device: LooseDevice,
  events: Events,
  { state, event }: Input,
): Outcome<DeviceTwin> {
  return settled(device, events, change(state, state, event), { again: true });
}

/** Gives a device, or who asks for it, the whole twin. */
export function show(events: Events, { state, event }: Input): Outcome<DeviceTwin> {
  const twin = twinOf(state);
  const { subject } = event;
  const draft = events['twin']?.(subject, twin, { partition: state.home ?? subject });
  return { emit: draft ?? [], reply: twin };
}

const change = (
  before: DeviceTwin,
  after: DeviceTwin,
  { subject }: { readonly subject: string },
) => ({
  before,
  after,
  subject,
});

/** A twin as others see it, with marks that name their parts. Times are RFC 3339 timestamps. */
export interface TwinDocument<S = Document, W = Document> {
  readonly rev: number;
  readonly reported: S;
  readonly reportedRev: number;
  readonly desired: W;
  readonly desiredRev: number;
  readonly meta: {
    readonly reported: Readonly<Record<string, LeafMark>>;
    readonly desired: Readonly<Record<string, LeafMark>>;
  };
}

/** When and at which revision a leaf was last changed, and by whom, if not by the device. */
export interface LeafMark {
  readonly rev: number;
  readonly time: string;
  readonly by?: string;
}

/** A twin as others see it. */
export function twinOf(twin: DeviceTwin): TwinDocument {
  const { reported: state, reportedRev, desired, desiredRev, meta } = twin;
  const marks = (half: Document, of: Marks = {}) =>
    Object.fromEntries(
      leavesOf(half).flatMap((path) => {
        const mark = markAt(of, path);
        return mark === undefined ? [] : [[pointerOf(path), shown(mark)] as const];
      }),
    );
  return {
    rev: revOf(twin),
    reported: state,
    reportedRev,
    desired,
    desiredRev,
    meta: { reported: marks(state, meta.reported), desired: marks(desired, meta.desired) },
  };
}

function shown([rev, at, , by]: Mark): LeafMark {
  return { rev, time: new Date(at).toISOString(), ...(by === undefined ? {} : { by }) };
}
