import { DatabaseSync } from 'node:sqlite';

/** A message as a journal keeps it. */
export interface JournalMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * What the embedded broker must not forget when the process is killed: messages that it has accepted and nobody has dealt with, the
 * retained ones, and the port at which devices know it.
 */
export interface Journal {
  /** Keeps a message; it is on file when this returns, though a loss of power may take the last ones. Gives its number. */
  add(message: JournalMessage): number;
  /** Forgets a message that has been dealt with. */
  remove(number: number): void;
  /** Messages not dealt with, oldest first. */
  pending(): readonly (JournalMessage & { readonly number: number })[];
  /** Keeps the retained message of a topic; an empty one takes it away. */
  retain(message: JournalMessage): void;
  retained(): readonly JournalMessage[];
  port(): number | undefined;
  rememberPort(port: number): void;
  readonly isOpen: boolean;
  /** Closes the file. What is removed later stays: it comes again and is recognised. */
  close(): void;
}

const tables = `
  PRAGMA journal_mode = wal;
  PRAGMA synchronous = normal;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS pending (number INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, payload BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`;

type Row = JournalMessage & { readonly number: number };

/** Opens a journal in a file, which is made if it is missing. */
export function openJournal(file: string): Journal {
  const database = new DatabaseSync(file);
  database.exec(tables);
  const insert = database.prepare('INSERT INTO pending (topic, payload) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM pending WHERE number = ?');
  const pending = database.prepare('SELECT number, topic, payload FROM pending ORDER BY number');
  const retain = database.prepare('INSERT OR REPLACE INTO retained (topic, payload) VALUES (?, ?)');
  const forget = database.prepare('DELETE FROM retained WHERE topic = ?');
  const retained = database.prepare('SELECT topic, payload FROM retained ORDER BY topic');
  const port = database.prepare("SELECT value FROM setting WHERE name = 'port'");
  const setPort = database.prepare("INSERT OR REPLACE INTO setting VALUES ('port', ?)");
  return {
    add: ({ topic, payload }) => Number(insert.run(topic, payload).lastInsertRowid),
    remove: (number) => void (database.isOpen && remove.run(number)),
    pending: () => pending.all() as unknown as readonly Row[],
    retain: ({ topic, payload }) =>
      void (payload.length === 0 ? forget.run(topic) : retain.run(topic, payload)),
    retained: () => retained.all() as unknown as readonly Row[],
    port: () => port.get()?.['value'] as number | undefined,
    rememberPort: (value) => void setPort.run(value),
    get isOpen() {
      return database.isOpen;
    },
    close: () => database.close(),
  };
}
