import { HearthError } from '../event/error.ts';
import {
  isAbout,
  type DeadLetterRequest,
  type DeadLetterStore,
  type KeptLetter,
} from './dead-letter-store.ts';

/** A `DeadLetterStore` in memory that can be looked into. */
export interface MemoryDeadLetters extends DeadLetterStore {
  /** Every letter, oldest first. */
  readonly letters: readonly KeptLetter[];
}

interface Numbered {
  readonly number: number;
  readonly letter: KeptLetter;
}

/** Keeps dead letters in memory, each once by `source` and `id`. */
export function memoryDeadLetters(): MemoryDeadLetters {
  let kept: readonly Numbered[] = [];
  let last = 0;
  const without = (isGone: (letter: KeptLetter) => boolean): number => {
    const before = kept.length;
    kept = kept.filter(({ letter }) => !isGone(letter));
    return before - kept.length;
  };
  return {
    ordered: true,
    get letters() {
      return kept.map(({ letter }) => letter);
    },
    async publish(events) {
      for (const { event, body } of events) {
        const { id, source, type, subject } = event;
        if (kept.some(({ letter }) => letter.id === id && letter.source === source)) continue;
        last += 1;
        const about = subject === undefined ? {} : { subject };
        kept = [...kept, { number: last, letter: { id, source, type, body, ...about } }];
      }
      return events.map(() => ({ outcome: 'published' }));
    },
    list: async (request) => pageOf(kept, request),
    get: async (wanted) => kept.find(({ letter }) => letter.id === wanted)?.letter,
    remove: async (wanted) => without(({ id }) => id === wanted) > 0,
    erase: async (subject) => without((letter) => isAbout(letter, subject)),
  };
}

function pageOf(kept: readonly Numbered[], request: DeadLetterRequest) {
  const { limit, cursor = '0', subject } = request;
  const after = Number(cursor);
  if (!Number.isSafeInteger(after)) {
    const message = 'This is no cursor of a page of dead letters.';
    throw new HearthError('invalid-option', message, { field: 'cursor' });
  }
  const all = kept.filter(
    ({ number, letter }) => number > after && (subject === undefined || isAbout(letter, subject)),
  );
  const page = all.slice(0, limit);
  const letters = page.map(({ letter }) => letter);
  return all.length > limit ? { letters, cursor: String(page.at(-1)?.number) } : { letters };
}
