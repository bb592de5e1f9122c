import { HearthError, isHearthError, type CloudEvent } from '@hearth/core';
import { checkEvent } from '@hearth/core/event';

/** Extension attributes that every event on its way out gets, whatever it had by those names. */
export type Overrides = Readonly<Record<string, string>>;

const anyEvent: CloudEvent = { specversion: '1.0', id: '1', source: '/', type: '-' };
const core = ['specversion', 'id', 'source', 'type', 'data', 'data_base64', 'datacontenttype'];

/**
 * Reads `K_CE_OVERRIDES`: `{"extensions":{"name":"value"}}`. Nothing, or nothing in it, is `undefined`.
 *
 * @throws {HearthError} `invalid-option` for what is not of that form, or an extension that an event cannot have.
 */
export function overridesOf(text: string | undefined): Overrides | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const { extensions } = parsed(text);
  if (extensions === undefined || extensions === null) return undefined;
  if (typeof extensions !== 'object') throw invalid('must be {"extensions":{…}}');
  const entries = Object.entries(extensions as Readonly<Record<string, unknown>>);
  for (const [name, value] of entries) {
    if (core.includes(name) || typeof value !== 'string') {
      throw invalid(`must map names of extensions to texts, and "${name}" does not`);
    }
  }
  if (entries.length === 0) return undefined;
  try {
    checkEvent({ ...anyEvent, ...extensions });
  } catch (error) {
    throw invalid(isHearthError(error) ? error.message : 'is wrong');
  }
  return Object.fromEntries(entries) as Overrides;
}

function parsed(text: string): { readonly extensions?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // As wrong as anything else that is no JSON object.
  }
  throw invalid('must be a JSON object');
}

function invalid(fix: string): HearthError {
  return new HearthError('invalid-option', `"K_CE_OVERRIDES" ${fix}.`, { field: 'overrides' });
}

/** An event as text with the overrides in it. What our own `JSON.stringify` wrote comes out of it to the byte, but for them. */
export function overridden(body: string, overrides: Overrides): string {
  return JSON.stringify({ ...(JSON.parse(body) as object), ...overrides });
}
