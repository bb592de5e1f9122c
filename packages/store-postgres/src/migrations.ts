import { HearthError } from '@hearth/core/event';
import { keyHash } from '@hearth/core/ports';

/** One step of the tables' history. */
export interface PostgresMigration {
  /** Counts from 1. */
  readonly version: number;
  readonly name: string;
  /** One statement, which is one transaction. It does nothing if it has been run before, and may be run by many at once. */
  readonly sql: string;
}

/** Where the tables are. */
export interface SchemaOptions {
  /** The schema of the tables: `hearth` unless told otherwise. It is made if it is missing. */
  readonly schema?: string;
}

// `body` is 80 % full so that a record that grows a little can stay on its page. Keys are compared byte by byte, in any database. `tags`
// are hashes, because what is indexed has a bound of 2,700 bytes; `hash` is `keyHash(key)`, for shards.
const firstTables = (s: string) => `
  CREATE TABLE ${s}.hearth_record (
    key text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    body text NOT NULL,
    due double precision,
    hash bigint NOT NULL,
    tags text[] NOT NULL
  ) WITH (fillfactor = 80);
  CREATE INDEX hearth_due ON ${s}.hearth_record (due, key, hash) WHERE due IS NOT NULL;
  CREATE TABLE ${s}.hearth_tag (
    entry text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (entry, key)
  );
  CREATE FUNCTION ${s}.hearth_index_tags() RETURNS trigger LANGUAGE plpgsql AS $function$
  BEGIN
    IF TG_OP = 'UPDATE' THEN
      DELETE FROM ${s}.hearth_tag
      WHERE entry = ANY (OLD.tags) AND entry <> ALL (NEW.tags) AND key = OLD.key;
    END IF;
    INSERT INTO ${s}.hearth_tag (entry, key)
    SELECT tag, NEW.key FROM unnest(NEW.tags) AS tag ON CONFLICT DO NOTHING;
    RETURN NULL;
  END $function$;
  CREATE TRIGGER hearth_tags_made AFTER INSERT ON ${s}.hearth_record
    FOR EACH ROW WHEN (NEW.tags <> '{}') EXECUTE FUNCTION ${s}.hearth_index_tags();
  CREATE TRIGGER hearth_tags_changed AFTER UPDATE ON ${s}.hearth_record
    FOR EACH ROW WHEN (OLD.tags <> NEW.tags) EXECUTE FUNCTION ${s}.hearth_index_tags();
  CREATE UNLOGGED TABLE ${s}.hearth_claim (
    key text COLLATE "C" PRIMARY KEY,
    due double precision NOT NULL,
    owner text NOT NULL,
    until timestamptz NOT NULL
  );
  CREATE INDEX hearth_claim_until ON ${s}.hearth_claim (until);
  CREATE TABLE ${s}.hearth_dead_letter (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mark text NOT NULL UNIQUE,
    source text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    subject text,
    body text NOT NULL
  );
  CREATE INDEX hearth_dead_letter_id ON ${s}.hearth_dead_letter USING hash (id);
  CREATE INDEX hearth_dead_letter_subject ON ${s}.hearth_dead_letter USING hash (subject);`;

const steps: readonly (readonly [name: string, tables: (schema: string) => string])[] = [
  ['records, tags, claims and dead letters', firstTables],
];

/** The version of the tables that this package needs. */
export const schemaVersion = steps.length;

/**
 * All migrations, the oldest first: what a store runs by itself unless it is told `migrate: false`, for those who run migrations
 * themselves.
 *
 * @example
 * for (const { sql } of postgresMigrations()) console.log(sql);
 */
export function postgresMigrations({
  schema = 'hearth',
}: SchemaOptions = {}): readonly PostgresMigration[] {
  const quoted = quotedSchema(schema);
  return steps.map(([name, tables], index) => {
    const version = index + 1;
    return { version, name, sql: guarded(schema, quoted, version, name, tables(quoted)) };
  });
}

// 'hear': a number of our own among those that others lock.
const lockSpace = 0x68656172;

/** One block is one transaction in any client and behind any pooler. Whoever comes second waits, and finds it done. */
function guarded(schema: string, s: string, version: number, name: string, tables: string): string {
  return `-- Hearth, migration ${version}: ${name}
DO $hearth$ BEGIN
  PERFORM pg_advisory_xact_lock(${lockSpace}, ${keyHash(schema) | 0});
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${schema.replaceAll("'", "''")}') THEN
    CREATE SCHEMA ${s};
  END IF;
  IF to_regclass('${s.replaceAll("'", "''")}.hearth_migration') IS NULL THEN
    CREATE TABLE ${s}.hearth_migration (
      version integer PRIMARY KEY,
      name text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
  IF EXISTS (SELECT FROM ${s}.hearth_migration WHERE version = ${version}) THEN RETURN; END IF;
${tables.replace(/^\n/, '')}
  INSERT INTO ${s}.hearth_migration (version, name) VALUES (${version}, '${name}');
END $hearth$;
`;
}

/**
 * A schema as it is written in SQL.
 *
 * @throws {HearthError} `invalid-option` for a name that PostgreSQL would cut or cannot hold.
 */
export function quotedSchema(schema: string): string {
  const isName = typeof schema === 'string' && /^[^\0$\\]+$/.test(schema);
  if (isName && Buffer.byteLength(schema) <= 63) return `"${schema.replaceAll('"', '""')}"`;
  const message = 'schema must be a name of 1 to 63 bytes, without "$" and "\\".';
  throw new HearthError('invalid-option', message, { field: 'schema' });
}
