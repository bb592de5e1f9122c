import { HearthError } from '../event/error.ts';
import { fieldsOf } from './csv.ts';
import { proofOf } from './proof.ts';
import type { Requests } from './registry-events.ts';

/** How a file lists devices. */
export type LineFormat = 'csv' | 'jsonl';

/** What a line says of a device. */
export interface DeviceLine {
  readonly device: string;
  readonly data: Requests['register'];
}

/** Reads the lines of one file. */
export type ReadLine = (text: string) => DeviceLine;

/** What a line may say besides tags; `code` is the code on the label, of which only the proof is kept. */
const columns = [
  'device',
  'model',
  'firmware',
  'home',
  'owner',
  'hub',
  'groups',
  'status',
  'proof',
  'code',
] as const;
type Column = (typeof columns)[number];

/**
 * Gives what reads the lines of a CSV file with this header: columns of a registration, and `tag.<name>` for tags. Groups are separated by
 * semicolons; an empty field is none.
 *
 * @throws {HearthError} `invalid-option`, naming the column, for one that is not known, doubled, or missing.
 */
export function csvReader(header: string): ReadLine {
  const names = headerOf(header);
  return (text) => {
    const fields = fieldsOf(text);
    if (fields.length !== names.length)
      throw new HearthError(
        'invalid-data',
        `The line has ${fields.length} fields, and the header ${names.length}.`,
      );
    const given: Record<string, unknown> = {};
    const tags: Record<string, string> = {};
    names.forEach((name, at) => {
      const field = (fields[at] ?? '').trim();
      if (field === '') return;
      if (name.startsWith(tagColumn)) tags[name.slice(tagColumn.length)] = field;
      else given[name] = name === 'groups' ? field.split(';').map((one) => one.trim()) : field;
    });
    return lineOf({ ...given, ...(Object.keys(tags).length === 0 ? {} : { tags }) });
  };
}

const tagColumn = 'tag.';

function headerOf(header: string): readonly string[] {
  const names = fieldsOf(header).map((name) => name.trim());
  const bad = names.find(
    (name, at) =>
      names.indexOf(name) !== at ||
      !(isColumn(name) || (name.startsWith(tagColumn) && name.length > tagColumn.length)),
  );
  const known = `${columns.join(', ')} and tag.<name>`;
  if (bad !== undefined) refuseColumn(bad, `is unknown or doubled; a file has ${known}`);
  for (const needed of ['device', 'model'])
    if (!names.includes(needed)) refuseColumn(needed, 'is missing from the header');
  return names;
}

const isColumn = (name: string): name is Column => (columns as readonly string[]).includes(name);

function refuseColumn(column: string, why: string): never {
  const field = column.slice(0, 64).replaceAll(/[^\w.-]/g, '?');
  throw new HearthError('invalid-option', `The column "${field}" ${why}.`, { field });
}

/**
 * Reads a JSON line: `{ "device": "d1", "model": "com.acme.lamp", "tags": { "site": "vie" } }`.
 *
 * @throws {HearthError} `invalid-data` for what is no such line.
 */
export const readJsonLine: ReadLine = (text) => {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    // Its message quotes the line.
    throw new HearthError('invalid-data', 'The line is no JSON.');
  }
  if (typeof line !== 'object' || line === null || Array.isArray(line))
    throw new HearthError('invalid-data', 'The line is no JSON object.');
  return lineOf(line as Readonly<Record<string, unknown>>);
};

function lineOf(line: Readonly<Record<string, unknown>>): DeviceLine {
  const { device, code, ...data } = line;
  if (typeof device !== 'string' || !/^[^\p{Cc}\p{Cs}\p{Cn}]{1,256}$/u.test(device))
    refuse('device', 'must be a text of 1 to 256 characters');
  if (code === undefined) return { device, data: data as unknown as Requests['register'] };
  if (typeof code !== 'string' || code === '') refuse('code', 'must be a text');
  if (data['proof'] !== undefined) refuse('code', 'and "proof" say the same; give one of them');
  const proof = proofOf(device, code);
  return { device, data: { ...data, proof } as unknown as Requests['register'] };
}

function refuse(field: string, fix: string): never {
  throw new HearthError('invalid-data', `"${field}" ${fix}.`, { field });
}
