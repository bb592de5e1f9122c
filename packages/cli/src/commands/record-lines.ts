import { loggable, type Decision, type Look } from '@hearth/core';
import { durationText } from '../duration.ts';
import { padded } from '../live/columns.ts';
import type { Paint } from '../live/paint.ts';

/** A record as people read it. `now` (ms) is what instants are compared with. */
export function recordLines(
  key: string,
  look: Look<unknown>,
  now: number,
  { strong, faint, notable, bad }: Paint,
): readonly string[] {
  const at = (instant: number) => instantText(instant, now);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [`${strong(title)}  ${faint('none')}`] : [strong(title), ...lines];
  const outputs = look.outputs.map(({ event, tries, nextAt }) => {
    const tried = tries === 0 ? '' : bad(`  tried ${counted(tries, 'time')}, again ${at(nextAt)}`);
    return `  ${event.type} ${loggable(event.subject ?? '')}${tried}\n    ${dataText(event.data)}`;
  });
  const timers = look.timers.map(
    ({ key: name, at: due, event }) =>
      `  ${loggable(name)}  ${at(due)}  ${faint(`${event.type} ${dataText(event.data)}`)}`,
  );
  const decisions = look.decisions.toReversed().flatMap((one) => decisionLines(one, at, notable));
  return [
    strong(loggable(key)),
    `  last input ${at(look.at)}; remembers ${counted(look.remembered, 'input')}`,
    ...(look.erased ? [bad('  erased: it refuses every input until it is opened again')] : []),
    ...section('state', look.erased ? [] : valueLines(look.state)),
    ...section('pending outputs', outputs),
    ...section('timers', timers),
    ...section('last decisions', decisions),
  ].flatMap((line) => line.split('\n'));
}

function decisionLines(
  { at, type, because, emitted }: Decision,
  instant: (at: number) => string,
  notable: Paint['notable'],
): readonly string[] {
  return [
    `  ${instant(at)}  because ${notable(listText(because))}  (on ${type})`,
    ...emitted.map((one) => `    → ${loggable(one)}`),
  ];
}

/** Reasons as a phrase: `nobodyHome and cold`. */
export function listText(names: readonly string[]): string {
  const [last = ''] = names.slice(-1);
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** `1 input`, `3 inputs` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function instantText(at: number, now: number): string {
  const text = `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const ago = now - at;
  return `${text} (${ago < 0 ? `in ${durationText(-ago)}` : `${durationText(ago)} ago`})`;
}

function dataText(data: unknown): string {
  return data === undefined ? '' : loggable(JSON.stringify(data));
}

type Values = Readonly<Record<string, unknown>>;

const isNested = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** JSON as indented lines: names to the left, values to the right. Lists of plain values stay on one line. */
export function valueLines(value: unknown, depth = 1): readonly string[] {
  const indent = '  '.repeat(depth);
  if (!isNested(value)) return [`${indent}${dataText(value)}`];
  const entries = Object.entries(value);
  const isFlat = ([, one]: (typeof entries)[number]) =>
    !isNested(one) || (Array.isArray(one) && !one.some(isNested));
  const width = Math.max(0, ...entries.filter(isFlat).map(([name]) => loggable(name).length));
  return entries.flatMap((entry) => {
    const [name, one] = entry;
    if (isFlat(entry)) return [`${indent}${padded(loggable(name), width)}  ${dataText(one)}`];
    return [`${indent}${loggable(name)}`, ...valueLines(one, depth + 1)];
  });
}
