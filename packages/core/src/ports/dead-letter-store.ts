import type { Publisher } from './publisher.ts';

/** An event that could not be dealt with, as it is kept. `body` is the event in JSON, as it was published. */
export interface KeptLetter {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly body: string;
}

/** One page of dead letters, oldest first. `cursor` is absent on the last page. */
export interface DeadLetterPage {
  readonly letters: readonly KeptLetter[];
  readonly cursor?: string;
}

/** Which letters are asked for: those about a subject, or all. */
export interface DeadLetterRequest {
  readonly limit: number;
  readonly cursor?: string;
  /** Only what is about this subject: what says so, and what says of no subject and has it somewhere in its text. */
  readonly subject?: string;
}

/**
 * A publisher that keeps dead letters until somebody has looked at them.
 *
 * A letter is about a subject if it says so; one that says of none, because the message was no event, is about every subject that its
 * text names as a whole word; what is in base64 names nobody.
 */
export interface DeadLetterStore extends Publisher {
  list(request: DeadLetterRequest): Promise<DeadLetterPage>;
  get(id: string): Promise<KeptLetter | undefined>;
  /** Resolves to `false` if there is no such letter. */
  remove(id: string): Promise<boolean>;
  /** Removes the letters about a subject, leaves nothing of them to be read, and resolves to their number. */
  erase(subject: string): Promise<number>;
}

const inWords = /[\p{L}\p{N}_.@-]/u;

/** Whether a letter is about a subject. What every store of letters asks, so that all erase alike. */
export function isAbout({ subject, body }: KeptLetter, wanted: string): boolean {
  return subject === undefined ? names(body, wanted) : subject === wanted;
}

/** Whether a text of JSON names a subject as a whole word. */
export function names(text: string, subject: string): boolean {
  // A native payload lies in its letter as a text in a text.
  const once = JSON.stringify(subject).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  return subject !== '' && [...new Set([subject, once, twice])].some((word) => hasWord(text, word));
}

/** Whether a text has another one that is no part of a longer word: `t1`, but not in `t10`. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + word.length]];
    const isEscape = text[at - 2] === '\\';
    if ((isEscape || !inWords.test(before)) && !inWords.test(after)) return true;
  }
  return false;
}

/** Whether something keeps letters, and does not only send them on. */
export function keepsLetters(publisher: Publisher): publisher is DeadLetterStore {
  const { list, erase } = publisher as Partial<DeadLetterStore>;
  return typeof list === 'function' && typeof erase === 'function';
}
