import {
  isHearthError,
  lives,
  loggable,
  type Answered,
  type App,
  type Applied,
  type CloudEvent,
} from '@hearth/core';
import { listText } from '../commands/record-lines.ts';
import { padded } from './columns.ts';
import { kindsOf, modelsOf, type Kind } from './kinds.ts';
import type { Paint } from './paint.ts';

/** Says what happens, a line each. */
export interface Narrator {
  /** What a step led to: a decision with its reasons, and what devices are told; nothing for the rest. */
  applied(applied: Applied): readonly string[];
  /** What came in: `reading  kitchen  temperature 14.2`. */
  came(event: CloudEvent): string;
  /** What was refused, and why. */
  refused(answered: Answered): readonly string[];
}

const labelWidth = 9;
const subjectWidth = 12;
const boundType = lives('device', null).type;

const homeOf = (data: unknown): string => loggable(String((data as { home?: unknown }).home));

/** Gives a narrator for an app. */
export function narrator(app: App, colors: Paint): Narrator {
  const kindOf = kindsOf(app);
  const models = modelsOf(app);
  const nameOf = (type: string) => {
    const model = models.find((one) => type.startsWith(`${one.type}.`));
    return model === undefined ? type : type.slice(model.type.length + 1);
  };
  const line = (label: string, subject: string, said: string) =>
    `${padded(label, labelWidth)} ${padded(loggable(subject), subjectWidth)} ${said}`;
  const told = (label: string, { type, subject = '', data }: CloudEvent) => {
    const isWish = kindOf(type) === 'wish';
    return line(label, subject, isWish ? valuesText(data) : `${nameOf(type)} ${valuesText(data)}`);
  };
  const labels: Partial<Record<Kind, string>> = {
    wish: colors.warm('  wish'),
    command: colors.warm('  command'),
  };
  return {
    applied({ handler, subject, because, emitted }) {
      const outs = emitted.flatMap((event) => {
        const label = labels[kindOf(event.type)];
        return label === undefined ? [] : [told(label, event)];
      });
      if (because === undefined) return outs;
      const why = `${colors.strong(handler)} because ${colors.notable(listText(because))}`;
      return [line(colors.strong('decision'), subject, why), ...outs];
    },
    came({ type, subject = '', data }) {
      if (type === boundType) return line('report', subject, `lives in ${homeOf(data)}`);
      const label = kindOf(type) === 'reading' ? 'reading' : 'report';
      const name = nameOf(type);
      return line(label, subject, twinText(name, data) ?? `${name} ${measuredText(data)}`);
    },
    refused({ event, verdict, code = '', message = '' }) {
      const [subject, name] = isHearthError(event)
        ? ['', 'a message']
        : [event.subject ?? '', nameOf(event.type)];
      return [line(colors.bad(verdict), subject, `${name}: ${code}. ${loggable(message)}`)];
    },
  };
}

/** What a device says of its connection and of the wishes that it was told. */
function twinText(name: string, data: unknown): string | undefined {
  const { status, reported, desiredRev } = Object(data) as Readonly<Record<string, unknown>>;
  if (name === 'connected' || name === 'disconnected') return name;
  if (name !== 'acknowledged') return undefined;
  const done =
    reported === undefined ? `desiredRev ${plainText(desiredRev)}` : valuesText(reported);
  return `${plainText(status)} ${done}`;
}

const longest = 60;

const units: Readonly<Record<string, string>> = {
  celsius: '°C',
  percent: '%',
  lux: 'lux',
  ppm: 'ppm',
  watts: 'W',
  volts: 'V',
};

/** A single value that is named by its unit, `14.2 °C`; anything else as `valuesText` has it. */
export function measuredText(data: unknown): string {
  const [entry, ...more] = Object.entries(Object(data) as Readonly<Record<string, unknown>>);
  if (entry === undefined || more.length > 0 || !Object.hasOwn(units, entry[0])) {
    return valuesText(data);
  }
  return `${plainText(entry[1])} ${units[entry[0]]}`;
}

/** Data in few signs: `occupiedHeatingSetpoint 18, mode off`; JSON where it is nested. */
export function valuesText(data: unknown): string {
  const text = shortText(data);
  return loggable(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

function shortText(data: unknown): string {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return plainText(data);
  return Object.entries(data)
    .map(([name, value]) => `${name} ${plainText(value)}`)
    .join(', ');
}

function plainText(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
