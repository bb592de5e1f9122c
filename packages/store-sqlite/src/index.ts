export { sqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export {
  sqliteDeadLetters,
  type DeadLetter,
  type DeadLetterPage,
  type SqliteDeadLetters,
} from './dead-letters.ts';
export type { SqliteOptions } from './database.ts';
export type { KeyRequest } from './pages.ts';
