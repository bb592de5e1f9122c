import { HearthError } from '@hearth/core';
import { isObject } from './wire.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a device publishes on `/update`. */
export interface ShadowUpdate {
  /** The state as it came. */
  readonly state: Values;
  readonly reported: Values | undefined;
  /** The names of the wishes that the device writes; `all` of them for `null`. */
  readonly desired: readonly string[] | 'all' | undefined;
  readonly clientToken: string | undefined;
}

/** Reads the client token of a document that may be wrong otherwise. */
export function tokenOf(document: unknown): string | undefined {
  const token = isObject(document) ? document['clientToken'] : undefined;
  return typeof token === 'string' && Buffer.byteLength(token) <= 64 ? token : undefined;
}

// Today's quota; the page of error messages still says 6.
const mostLevels = 8;

/**
 * Reads an update, and says what is wrong with it in the words of AWS.
 *
 * @throws {HearthError} `invalid-data`, or as `documentIn`.
 */
export function updateOf(document: unknown): ShadowUpdate {
  if (!isObject(document)) throw new HearthError('invalid-event', 'Invalid JSON');
  const { state, clientToken, version } = document;
  if (clientToken !== undefined && tokenOf(document) === undefined) refuse('Invalid clientToken');
  if (version !== undefined && !Number.isSafeInteger(version)) refuse('Invalid version');
  if (state === undefined) refuse('Missing required node: state');
  if (!isObject(state)) return refuse('State node must be an object');
  if (Object.keys(state).some((half) => half !== 'desired' && half !== 'reported'))
    refuse('State contains an invalid node');
  if (levelsOf(state) > mostLevels)
    refuse(`JSON contains too many levels of nesting; maximum is ${mostLevels}`);
  const { desired, reported } = state;
  if (!isHalf(desired)) return refuse('Desired node must be an object');
  if (!isHalf(reported)) return refuse('Reported node must be an object');
  return {
    state,
    reported: reported ?? undefined,
    desired: desired === null ? 'all' : desired && Object.keys(desired),
    clientToken: tokenOf(document),
  };
}

const isHalf = (half: unknown): half is Values | null | undefined =>
  half === undefined || half === null || isObject(half);

/** The levels below the halves of a state. */
function levelsOf(value: unknown, level = -1): number {
  if (typeof value !== 'object' || value === null) return level;
  return Math.max(level + 1, ...Object.values(value).map((part) => levelsOf(part, level + 1)));
}

function refuse(message: string): never {
  throw new HearthError('invalid-data', message, { field: 'state' });
}
