import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { HearthError, type Publisher } from '@hearth/core';
import { importRecords, shadow, type Imported } from '@hearth/core/adopt';
import { logger, nodeRuntime } from '@hearth/node';
import { sqliteStore } from '@hearth/store-sqlite';
import { loadApp } from '../load-app.ts';
import { defaultStore, openStore, type OpenStore } from '../open-store.ts';
import { flag, number, readOptions, text } from '../options.ts';
import { exitCodes, print, type Command, type Io } from './command.ts';

const usage = `hearth import <records.jsonl> --app MODULE [--store WHERE] [--overwrite] [--from LINE] [--json]

Puts records into a store, one JSON object a line, of two kinds:

  { "type": "com.acme.thermostat", "subject": "t1", "home": "h1", "state": { … } }   what another system knows of a device or home
  { "handler": "diary", "subject": "t1", "state": { … } }                           a record as it is, or as it was exported

Each is checked; none is overwritten. Rules hear of devices and homes, but nothing is sent. Doing it again is safe.

  --app MODULE   the module that exports the app
  --store WHERE  the SQLite file (default .hearth/home.db), made if it is not there, or postgresql://user@host/database?schema=hearth
  --overwrite    replace the state of records that are there
  --from LINE    pass over the lines before this one
  --json         one JSON object

Ends with 3 if a line was rejected.`;

const options = {
  app: text,
  store: text,
  overwrite: flag,
  from: number({ from: 1, whole: true }),
  json: flag,
};

/** A new SQLite file may be where an import begins. */
function openOrMake(where = defaultStore): OpenStore {
  const isThere = /^postgres(ql)?:/.test(where) || existsSync(where);
  return isThere ? openStore(where).store : sqliteStore({ file: where });
}

const nowhere: Publisher = {
  publish: async (events) => events.map(() => ({ outcome: 'published' })),
};

/** `hearth import` */
export const importCommand: Command = {
  summary: 'put records of another system, or exported ones, into a store',
  usage,
  async run(args, io) {
    const { options: given, words } = readOptions(args, options);
    const [file, ...more] = words;
    if (file === undefined || more.length > 0 || given.app === undefined) {
      const message = 'Name one file of records, and with --app the module that exports the app.';
      throw new HearthError('invalid-option', message);
    }
    if (!existsSync(file)) throw new HearthError('invalid-option', `There is no file "${file}".`);
    const app = await loadApp(given.app, '--app');
    const store = openOrMake(given.store);
    try {
      const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
      const runtime = nodeRuntime({
        store,
        publisher: nowhere,
        sweep: true,
        shadow: shadow(),
        // Rejected lines are what the command prints.
        logger: logger({ level: 'fatal' }),
      });
      const { overwrite = false, from = 1 } = given;
      const imported = await importRecords(app, lines, runtime, { overwrite, from });
      return report(io, imported, given.json);
    } finally {
      await store.close();
    }
  },
};

function report(io: Io, imported: Imported, asJson: true | undefined): number {
  const { saved, existing, rejected, rejections, next, stopped } = imported;
  if (stopped !== undefined) {
    const message = `${stopped.message} Stopped; --from ${next} goes on.`;
    throw new HearthError(stopped.code, message, { retryable: true, cause: stopped });
  }
  if (asJson === true) print(io, JSON.stringify({ saved, existing, rejected, rejections, next }));
  else {
    print(io, `${saved} saved, ${existing} there already, ${rejected} rejected`);
    for (const { line, code, message } of rejections)
      print(io, `  line ${line}: ${code}: ${message}`);
    if (rejected > rejections.length) print(io, `  and ${rejected - rejections.length} more`);
  }
  return rejected === 0 ? exitCodes.done : exitCodes.different;
}
