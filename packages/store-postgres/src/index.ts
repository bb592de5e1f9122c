export { postgresStore, type PostgresStore, type PostgresStoreOptions } from './postgres-store.ts';
export {
  postgresDeadLetters,
  type DeadLetter,
  type DeadLetterPage,
  type PostgresDeadLetters,
} from './dead-letters.ts';
export { postgresMigrations, type PostgresMigration, type SchemaOptions } from './migrations.ts';
export type { PostgresOptions } from './database.ts';
export type { PostgresClient, PostgresConnection, PostgresPool } from './pool.ts';
export type { KeyRequest } from './pages.ts';
