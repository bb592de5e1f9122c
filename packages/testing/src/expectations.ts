import type { App, CloudEvent, Draft, EventType } from '@hearth/core';
import { differences, shown } from './difference.ts';
import { stageOf, type Plot } from './plot.ts';
import { fail, line, rulesOf, whyNot } from './story-report.ts';

/** Checks that exactly these were emitted in the scene, in any order. */
export function expectEmitted(plot: Plot, drafts: readonly Draft[]): void {
  const quiet = bookkeepingOf(plot.app);
  const asked = new Set(drafts.map(({ type }) => type));
  const left = stepsOf(plot)
    .flatMap(({ emitted }) => emitted)
    .filter(({ type }) => !quiet.has(type) || asked.has(type));
  const missing = drafts.filter((draft) => {
    const found = left.findIndex((event) => differencesOf(draft, event).length === 0);
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
  if (missing.length === 0 && left.length === 0) return;
  const rows = [
    ...missing.flatMap((draft) => [`  missing     ${line(draft)}`, ...nearest(draft, left)]),
    ...left.map((event) => `  unexpected  ${line(event)}`),
  ];
  const count = `${drafts.length - missing.length} of ${drafts.length} expected events came`;
  const more = left.length === 0 ? '' : `, and ${left.length} that nobody expected`;
  fail(plot, `${count}${more}:\n${rows.join('\n')}`, missing.length === 0 ? [] : whyNot(plot));
}

const stepsOf = (plot: Plot) => stageOf(plot).steps.slice(plot.scene.steps);

function differencesOf(draft: Draft, event: CloudEvent): readonly string[] {
  const { type, subject, data, partition } = draft;
  if (type !== event.type) return [`type: expected ${type}, got ${event.type}`];
  return [
    ...differences(subject, event.subject, 'exact', 'subject'),
    ...(partition === undefined
      ? []
      : differences(partition, event.partitionkey, 'exact', 'partition')),
    ...differences(data, event.data, 'exact', 'data'),
  ];
}

function nearest(draft: Draft, came: readonly CloudEvent[]): readonly string[] {
  const [first] = came
    .filter(({ type }) => type === draft.type)
    .map((event) => differencesOf(draft, event))
    .toSorted((a, b) => a.length - b.length);
  return (first ?? []).slice(0, 5).map((difference) => `              ${difference}`);
}

// What the library tells itself about a device or a home: not what a story is about, unless it says so.
const bookkeeping = ['changed', 'desired', 'lapsed', 'left'] as const;

/** The types of the events by which devices, homes and rules keep each other up to date. */
function bookkeepingOf(app: App): ReadonlySet<string> {
  const types = app.parts.flatMap((part) => {
    const { events } = part as { readonly events?: Readonly<Record<string, EventType>> };
    return bookkeeping.flatMap((name) => events?.[name]?.type ?? []);
  });
  return new Set(types);
}

/** Checks the reasons of all decisions in the scene. */
export function expectBecause(plot: Plot, names: readonly string[]): void {
  const decided = stepsOf(plot).filter(({ because }) => because !== undefined);
  const reasons = new Set(decided.flatMap(({ because = [] }) => because));
  const known = new Set([...rulesOf(plot.app).flatMap(({ conditions }) => conditions), ...reasons]);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const list = [...known].map((name) => `"${name}"`).join(', ');
    const text = unknown.map((name) => `"${name}"`).join(', ');
    fail(plot, `No rule of the app has the condition ${text}. Known are ${list || 'none'}.`);
  }
  if (decided.length === 0) fail(plot, 'Nothing was decided.', whyNot(plot));
  const missing = names.filter((name) => !reasons.has(name));
  const more = [...reasons].filter((name) => !names.includes(name));
  if (missing.length === 0 && more.length === 0) return;
  const rows = decided.map(
    ({ handler, subject, because = [] }) => `  ${handler} ${subject}: ${because.join(', ')}`,
  );
  fail(plot, `Expected the reasons ${names.join(', ')}. The decisions were:\n${rows.join('\n')}`);
}

/** Checks that one of the scene's inputs was answered like this. */
export function expectReply(plot: Plot, value: unknown): void {
  const replies = saidIn(plot).flatMap(({ handled }) =>
    handled.reply === undefined ? [] : [handled.reply],
  );
  if (replies.some((reply) => differences(value, reply).length === 0)) return;
  const [first] = replies.map((reply) => differences(value, reply));
  if (first === undefined) fail(plot, `Expected the reply ${shown(value)}. There was none.`);
  fail(
    plot,
    `Expected the reply ${shown(value)}:`,
    first.map((row) => `  ${row}`),
  );
}

/** What was said in the scene. */
export function saidIn(plot: Plot) {
  return plot.acts.slice(plot.scene.acts).flatMap((act) => (act.does === 'say' ? [act] : []));
}
