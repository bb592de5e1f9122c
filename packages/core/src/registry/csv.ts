import { HearthError } from '../event/error.ts';

/**
 * Splits one line of a CSV file (RFC 4180) into its fields. A field in quotes may hold commas and doubled quotes, but no line break.
 *
 * @throws {HearthError} `invalid-data` for a quote that is not closed, or that stands in the middle of a field.
 */
export function fieldsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  for (let at = 0; at <= line.length; at += 1) {
    const isQuoted = line[at] === '"';
    const end = isQuoted ? closing(line, at) + 1 : ending(line, at);
    const text = line.slice(at, end);
    if (isQuoted ? end < line.length && line[end] !== ',' : text.includes('"'))
      refuse(
        `Field ${fields.length + 1} has a quote in its middle; put the whole field in quotes.`,
      );
    fields.push(isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text);
    at = end;
  }
  return fields;

  function closing(text: string, from: number): number {
    for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 2))
      if (text[at + 1] !== '"') return at;
    return refuse(`Field ${fields.length + 1} has a quote that is not closed on its line.`);
  }
}

function ending(line: string, from: number): number {
  const comma = line.indexOf(',', from);
  return comma === -1 ? line.length : comma;
}

function refuse(message: string): never {
  throw new HearthError('invalid-data', message);
}
