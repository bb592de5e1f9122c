import { HearthError } from '../event/error.ts';

/** Records that carry a tag with a value: found by the index. `and` are further tags that each of them must carry. */
export interface Selection {
  readonly tag: string;
  readonly value: string;
  readonly and?: Readonly<Record<string, string>>;
}

/** A group of a registry, by name. */
export interface InGroup {
  readonly group: string;
}

/**
 * Refuses what selects nothing.
 *
 * @throws {HearthError} `invalid-definition`.
 */
export function assertSelection({ tag, value }: Selection, what: string): void {
  if (typeof tag === 'string' && tag !== '' && typeof value === 'string') return;
  const message = `${what} needs a tag and the value that it has.`;
  throw new HearthError('invalid-definition', message, { field: 'tag' });
}

/** Whether tags fit a selection. */
export function fits(
  tags: Readonly<Record<string, string>>,
  { tag, value, and = {} }: Selection,
): boolean {
  return tags[tag] === value && Object.entries(and).every(([name, one]) => tags[name] === one);
}
