import type { Document } from '../twin/document.ts';
import type { Marks } from '../twin/twin.ts';
import type { Events, LooseDevice } from './device-events.ts';
import { changed, isKnown, settled, type DeviceTwin } from './device-twin.ts';
import type { Incoming } from './event.ts';
import type { Outcome, StepInput } from './handler.ts';
import type { Forgotten, Standing } from './standing.ts';

type Input<D = never> = StepInput<DeviceTwin, Incoming<string, D>, unknown>;

/** Notes whether the device may take part. */
export function stand({ state, event }: Input<Standing>): Outcome<DeviceTwin> {
  const { barred } = event.data;
  if (barred === (state.barred ?? null)) return {};
  const { barred: _, ...free } = state;
  return { state: barred === null ? free : { ...free, barred } };
}

/** Forgets what was wished for, and what was reported of some properties or all of them. Revisions go on. */
export function forget(
  device: LooseDevice,
  events: Events,
  { state, event }: Input<Forgotten>,
): Outcome<DeviceTwin> {
  if (!isKnown(state)) return {};
  const { subject, data } = event;
  const reported = reset(state.reported, device.initial, data.properties);
  const after: DeviceTwin = {
    ...state,
    reported,
    reportedRev: state.reportedRev + 1,
    desired: {},
    desiredRev: state.desiredRev + (Object.keys(state.desired).length === 0 ? 0 : 1),
    meta: { reported: reset(state.meta.reported ?? {}, {}, data.properties) as Marks },
    refused: undefined,
    until: undefined,
    acknowledged: undefined,
  };
  const outcome = settled(device, events, { before: state, after, subject });
  const news = changed(events, subject, reported, state.home);
  return { ...outcome, emit: [...news, ...outcome.emit] };
}

/** A document whose properties of these names are those of another one. */
function reset(
  document: Document,
  initial: Readonly<Record<string, unknown>>,
  names: Forgotten['properties'],
): Document {
  if (names === 'all') return initial;
  const others = Object.entries(document).filter(([name]) => !names.includes(name));
  const again = Object.entries(initial).filter(([name]) => names.includes(name));
  return Object.fromEntries([...others, ...again]) as Document;
}
