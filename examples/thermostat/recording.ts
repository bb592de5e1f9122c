import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { HearthError } from '@hearth/core';

/** One row of a recorded room. */
export interface Row {
  /** Counts from 1, without the header. */
  readonly number: number;
  /** Milliseconds since the epoch; the recording's own clock is taken for UTC. */
  readonly at: number;
  readonly celsius: number;
  readonly isOccupied: boolean;
}

const needed = ['date', 'temperature', 'occupancy'] as const;

/**
 * Reads a recording: comma-separated values whose header names at least `date`, `Temperature` (°C) and `Occupancy` (0 or 1). Rows may
 * begin with a row number that the header does not name.
 *
 * @throws {HearthError} `invalid-option` when there is no file or a column is missing, `invalid-data` with row and column.
 */
export async function* readRecording(file: string): AsyncGenerator<Row> {
  if (!existsSync(file)) refuse(`--replay: there is no file "${file}".`);
  let header: readonly string[] | undefined;
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Infinity,
  })) {
    if (line.trim() === '') continue;
    if (header === undefined) header = headerOf(line);
    else yield rowOf(header, fieldsOf(line), (number += 1));
  }
  if (header === undefined) refuse(`--replay: the file "${file}" is empty.`);
}

/** Reads a whole recording, so that what is wrong with it is known beforehand; gives the number of its rows. Throws as `readRecording`. */
export async function countRows(file: string): Promise<number> {
  let total = 0;
  for await (const { number } of readRecording(file)) total = number;
  return total;
}

function refuse(message: string): never {
  throw new HearthError('invalid-option', message, { field: '--replay' });
}

/** The fields of a line, without their quotes. A doubled quote within quotes stands for one. */
function fieldsOf(line: string): readonly string[] {
  const fields = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim());
}

function headerOf(line: string): readonly string[] {
  const names = fieldsOf(line).map((name) => name.toLowerCase());
  const missing = needed.find((name) => !names.includes(name));
  return missing === undefined ? names : refuse(`--replay: the header has no column "${missing}".`);
}

function rowOf(header: readonly string[], fields: readonly string[], number: number): Row {
  const before = fields.length === header.length + 1 ? 1 : 0;
  const field = (name: (typeof needed)[number]) => fields[header.indexOf(name) + before] ?? '';
  const at = Date.parse(`${field('date').replace(' ', 'T')}Z`);
  if (Number.isNaN(at)) bad(number, 'date', 'a time like 2015-02-02 14:19:00');
  const temperature = field('temperature');
  const celsius = Number(temperature);
  if (temperature === '' || !Number.isFinite(celsius)) bad(number, 'temperature', 'a number');
  const occupancy = field('occupancy');
  if (occupancy !== '0' && occupancy !== '1') bad(number, 'occupancy', '0 or 1');
  return { number, at, celsius, isOccupied: occupancy === '1' };
}

function bad(number: number, column: string, fix: string): never {
  const message = `--replay: "${column}" of row ${number} must be ${fix}.`;
  throw new HearthError('invalid-data', message, { field: column });
}
