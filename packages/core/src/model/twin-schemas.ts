import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isDocument, type Document } from '../twin/document.ts';
import type { Acknowledgement } from '../twin/twin.ts';
import type { Schema } from './schema.ts';

type Result<T> = StandardSchemaV1.Result<T>;

/** Says no to a value, and where it is wrong. */
export const wrong = (message: string, ...path: readonly string[]): Result<never> => ({
  issues: [{ message, path }],
});

/** Makes a schema of a function. */
export const schemaOf = <T>(validate: (value: unknown) => Result<T>): Schema<T> => ({
  '~standard': { version: 1, vendor: 'hearth', validate },
});

/** How a wish is meant, beside what is wished for. */
export interface WishTerms {
  /** When it ends: an RFC 3339 timestamp. */
  readonly $until?: string;
  /** It counts only if the twin has this revision. */
  readonly $ifRev?: number;
  /** It counts only if the desired half has this revision. */
  readonly $ifDesiredRev?: number;
  /** It counts only if these wishes, named by JSON Pointer, were last changed at these revisions; 0 for one that nobody has. */
  readonly $ifPath?: Readonly<Record<string, number>>;
}

const isRev = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

const terms: Readonly<Record<string, readonly [fits: (value: unknown) => boolean, why: string]>> = {
  $until: [
    (value) =>
      typeof value === 'string' && timestamp.test(value) && !Number.isNaN(Date.parse(value)),
    'must be an RFC 3339 timestamp',
  ],
  $ifRev: [isRev, 'must be a revision: a whole number from 0'],
  $ifDesiredRev: [isRev, 'must be a revision: a whole number from 0'],
  $ifPath: [
    (value) => isDocument(value) && Object.values(value).every(isRev),
    'must be revisions by JSON Pointer',
  ],
};

/** The schema of wishes for properties, and of their terms, whose names begin with `$`. */
export function wishes(properties: Schema<Document>): Schema<Document> {
  return schemaOf<Document>((value) => {
    if (!isDocument(value)) return wrong('must be an object');
    const { given, rest } = termsOf(value);
    for (const [name, term] of Object.entries(given)) {
      const [fits, why] = terms[name] ?? [() => false, 'is no term of a wish'];
      if (!fits(term)) return wrong(why, name);
    }
    const result = properties['~standard'].validate(rest) as Result<Document>;
    return result.issues === undefined ? { value: { ...result.value, ...given } } : result;
  });
}

/** Tells the terms of a wish from what is wished for. */
export function termsOf(wish: Document): { readonly given: WishTerms; readonly rest: Document } {
  const isTerm = ([name]: readonly [string, unknown]) => name.startsWith('$');
  const entries = Object.entries(wish);
  if (!entries.some(isTerm)) return { given: {}, rest: wish };
  return {
    given: Object.fromEntries(entries.filter(isTerm)),
    rest: Object.fromEntries(entries.filter((entry) => !isTerm(entry))),
  };
}

/** What a device says of the wishes that it was told, up to a revision; what it reports with it is saved with it. */
export interface Acknowledged<S> extends Acknowledgement {
  /** The properties that it means; all of them when absent. */
  readonly properties?: readonly string[];
  readonly reported?: S;
}

const statuses = ['applied', 'failed', 'rejected'];

/** The schema of an acknowledgement. */
export function acknowledgement(reported: Schema<Document>): Schema<Acknowledged<Document>> {
  return schemaOf<Acknowledged<Document>>((value) => {
    if (!isDocument(value)) return wrong('must be an object');
    const { desiredRev, status, code, properties } = value;
    if (!isRev(desiredRev))
      return wrong('must be the revision that the device was told', 'desiredRev');
    if (!statuses.includes(status as string))
      return wrong(`must be one of ${statuses.join(', ')}`, 'status');
    if (code !== undefined && (typeof code !== 'string' || code.length > 200))
      return wrong('must be a text of at most 200 characters', 'code');
    const isNames = Array.isArray(properties) && properties.every((one) => typeof one === 'string');
    if (properties !== undefined && !isNames)
      return wrong('must be names of properties', 'properties');
    if (value['reported'] === undefined)
      return { value: value as unknown as Acknowledged<Document> };
    const checked = reported['~standard'].validate(value['reported']) as Result<Document>;
    if (checked.issues === undefined)
      return {
        value: { ...(value as unknown as Acknowledged<Document>), reported: checked.value },
      };
    return {
      issues: checked.issues.map((one) => ({ ...one, path: ['reported', ...(one.path ?? [])] })),
    };
  });
}

/** A device's connection, by the name of its session, so that the end of an old one cannot be taken for the end of a new one. */
export interface Presence {
  readonly session: string;
}

/** The schema of a presence. */
export const presence: Schema<Presence> = schemaOf<Presence>((value) => {
  if (!isDocument(value)) return wrong('must be an object');
  const { session } = value;
  if (typeof session === 'string' && session !== '' && session.length <= 200)
    return { value: { session } };
  return wrong('must be a text of 1 to 200 characters', 'session');
});
