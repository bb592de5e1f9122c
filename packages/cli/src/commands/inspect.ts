import { defineHandler, HearthError, read, type App, type Look, type Ref } from '@hearth/core';
import { loadApp } from '../load-app.ts';
import { openStore, type OpenStore } from '../open-store.ts';
import { flag, readOptions, text } from '../options.ts';
import { paint, wantsColor } from '../live/paint.ts';
import { exitCodes, print, type Command, type Io } from './command.ts';
import { recordLines } from './record-lines.ts';

const usage = `hearth inspect [<handler>/<subject>] [--store WHERE] [--app MODULE] [--json]

Shows a record: its state, what it has yet to send, its timers, and its last decisions with their reasons.
Without a name, or with the beginning of one, it lists the names.

  --store WHERE  the SQLite file (default .hearth/home.db), or postgresql://user@host/database?schema=hearth
  --app MODULE   the module that exports the app: its migrations are applied to the state that is shown
  --json         one JSON object`;

const options = { store: text, app: text, json: flag };

/** `hearth inspect` */
export const inspect: Command = {
  summary: 'show a record: state, pending outputs, timers, decisions and why',
  usage,
  async run(args, io) {
    const { options: given, words } = readOptions(args, options);
    const [name = '', ...more] = words;
    if (more.length > 0) {
      throw new HearthError(
        'invalid-option',
        `One record at a time, please: "${name}" or another.`,
      );
    }
    const app = given.app === undefined ? undefined : await loadApp(given.app, '--app');
    const { store } = openStore(given.store);
    try {
      const isWhole = /^[^/]+\/./.test(name) && (await has(store, name));
      return isWhole
        ? await show(io, await refOf(store, name, app), store, given.json)
        : await list(io, name, store, given.json);
    } finally {
      await store.close();
    }
  },
};

async function has(store: OpenStore, key: string): Promise<boolean> {
  const [stored] = await store.load([key]);
  return stored !== undefined;
}

/** With an app, what its handler makes of the record; without one, the record as it was written. */
async function refOf(store: OpenStore, name: string, app: App | undefined): Promise<Ref> {
  const slash = name.indexOf('/');
  const [key, subject] = [name.slice(0, slash), name.slice(slash + 1)];
  const handler = app?.handlers.get(key);
  if (handler !== undefined) return handler.ref(subject);
  if (app !== undefined) {
    const known = [...app.handlers.keys()].join(', ');
    throw new HearthError('not-found', `The app has no handler "${key}"; it has ${known}.`);
  }
  const [stored] = await store.load([name]);
  // The one field that must be known to read a record without its code.
  const { v: version = 1 } = JSON.parse(stored?.body ?? '{}') as { readonly v?: number };
  return defineHandler({ name: key, version, state: anything, initial: null }).ref(subject);
}

const anything = {
  '~standard': { version: 1, vendor: 'hearth', validate: (value: unknown) => ({ value }) },
} as const;

async function show(io: Io, ref: Ref, store: OpenStore, asJson: true | undefined): Promise<number> {
  const look: Look<unknown> = await read({ store }, ref);
  const key = `${ref.record.key}/${ref.subject}`;
  if (asJson === true) print(io, JSON.stringify({ key, ...look }));
  else {
    const colors = paint(wantsColor(io.stdout, io.env));
    for (const line of recordLines(key, look, io.now(), colors)) print(io, line);
  }
  return exitCodes.done;
}

const listed = 1000;

async function list(
  io: Io,
  prefix: string,
  store: OpenStore,
  asJson: true | undefined,
): Promise<number> {
  const { keys, cursor } = await store.keys({ prefix, limit: listed });
  if (keys.length === 0 && prefix !== '') {
    throw new HearthError('not-found', `There is no record "${prefix}", nor one that begins so.`);
  }
  if (asJson === true) print(io, JSON.stringify({ keys, more: cursor !== undefined }));
  else for (const key of keys) print(io, key);
  if (asJson !== true && cursor !== undefined) {
    io.stderr.write(`There are more than these ${listed}; say how the name begins.\n`);
  }
  return exitCodes.done;
}
