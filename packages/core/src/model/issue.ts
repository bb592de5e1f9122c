import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Where a value does not fit, as the path of the property, and why. */
export interface Issue {
  readonly at: string;
  readonly message: string;
}

const limits = { name: 64, message: 300 };

/**
 * The first issue, as a message or a log may show it.
 *
 * Some libraries quote the value in their messages, and the sender chooses the names of unknown properties: the value is left out,
 * and names are cut and cleaned.
 */
export function issueOf(issues: readonly StandardSchemaV1.Issue[], value: unknown): Issue {
  const keys = (issues[0]?.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  const received = keys.reduce((whole, key) => Object(whole)[key] as unknown, value);
  const message: unknown = issues[0]?.message;
  return {
    at: keys.map((key) => nameOf(String(key))).join('.'),
    message:
      typeof message === 'string'
        ? cleaned(without(message, received), limits.message)
        : 'does not fit its schema',
  };
}

/** The name of a property as a message may show it. */
export function nameOf(key: string): string {
  return cleaned(key, limits.name);
}

function cleaned(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}

/** A message without the value that it is about. */
function without(message: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return message;
  const text = String(value);
  if (text === '') return message;
  const isPartOfWord = (char = '') => /\w/.test(char);
  return message.replaceAll(text, (found: string, at: number) =>
    isPartOfWord(message[at - 1]) || isPartOfWord(message[at + text.length]) ? found : '…',
  );
}
