import { HearthError } from '@hearth/core';
import { recordOf } from '@hearth/core/trigger';

/** An item of DynamoDB as its streams write it: each value under the name of its type. */
export type DynamoItem = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Makes JSON of an item. A number that a JavaScript number cannot hold exactly stays a text; binary values stay base64; sets become lists.
 *
 * @throws {HearthError} `invalid-event` for a value of a type that DynamoDB does not have, with its name as `field`.
 */
export function fromItem(item: unknown): Readonly<Record<string, unknown>> {
  const pairs = Object.entries(recordOf(item));
  return Object.fromEntries(pairs.map(([name, value]) => [name, fromValue(value, name, 0)]));
}

// DynamoDB nests 32 levels at most; a forged event could nest any number.
const deepest = 40;

function fromValue(value: unknown, field: string, depth: number): unknown {
  const [entry, ...others] = Object.entries(recordOf(value));
  if (entry === undefined || others.length > 0 || depth > deepest) throw unknownType(field);
  const [type, content] = entry;
  const inside = (one: unknown) => fromValue(one, field, depth + 1);
  if ((type === 'S' || type === 'B') && typeof content === 'string') return content;
  if (type === 'BOOL' && typeof content === 'boolean') return content;
  if (type === 'NULL') return null;
  if (type === 'N' && typeof content === 'string') return numberOf(content);
  if (type === 'L' && Array.isArray(content)) return content.map(inside);
  if (type === 'M') {
    const pairs = Object.entries(recordOf(content));
    return Object.fromEntries(pairs.map(([name, one]) => [name, inside(one)]));
  }
  if ((type === 'SS' || type === 'BS') && Array.isArray(content)) return content;
  if (type === 'NS' && Array.isArray(content)) return content.map((one) => numberOf(String(one)));
  throw unknownType(field);
}

/** DynamoDB has 38 digits, JavaScript about 16: what would be rounded is left as it is. */
function numberOf(text: string): number | string {
  const number = Number(text);
  const digits = text
    .replace(/[eE].*$/, '')
    .replaceAll(/\D/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  return Number.isFinite(number) && digits.length <= 15 ? number : text;
}

function unknownType(name: string): HearthError {
  const field = name.slice(0, 64).replaceAll(/[^\w-]/g, '?');
  const message = `"${field}" must have one value of a type of DynamoDB: S, N, B, BOOL, NULL, L, M, SS, NS or BS.`;
  return new HearthError('invalid-event', message, { field });
}
