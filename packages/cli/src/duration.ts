import { HearthError } from '@hearth/core';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a duration as people write it (`30s`, `1.5h`, `250ms`; a bare number is seconds), in ms.
 *
 * @throws {HearthError} `invalid-option` that names `option`.
 */
export function parseDuration(text: string, option: string): number {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new HearthError('invalid-option', `${option} needs a duration like 30s, 5m or 250ms.`, {
      field: option,
    });
  }
  return Number(digits) * (unitsMs[unit] ?? 1);
}

/** A duration as people read it: `420 ms`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(minutes, 'min', seconds % 60, 's');
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
