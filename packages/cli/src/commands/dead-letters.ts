import {
  handle,
  HearthError,
  loggable,
  type App,
  type CloudEvent,
  type DeadLetter,
  type Handled,
  type Publisher,
  type Runtime,
} from '@hearth/core';
import { decodeStructured } from '@hearth/core/event';
import { systemClock } from '@hearth/node';
import type { DeadLetter as KeptLetter } from '@hearth/store-sqlite';
import { padded } from '../live/columns.ts';
import { loadApp } from '../load-app.ts';
import { openStore, type OpenLetters } from '../open-store.ts';
import { flag, readOptions, text } from '../options.ts';
import { exitCodes, print, type Command, type Io } from './command.ts';

const usage = `hearth dead-letters list [--store WHERE] [--json]
hearth dead-letters retry <id>… | --all --app MODULE [--store WHERE] [--trust] [--json]

list shows what was rejected or could not be delivered, oldest first, and why.

retry puts the event of a letter through the app again, in the name of a service, and removes the letter when that is done. What
the app emits for it is left to the running home, which delivers it with its next sweep.
Left alone are letters without an event, the app's own outputs, and what somebody was not permitted to say.

  --all          every letter
  --app MODULE   the module that exports the app
  --store WHERE  the SQLite file (default .hearth/home.db), or postgresql://user@host/database?schema=hearth
  --trust        retry also what somebody was not permitted to say
  --json         one JSON object

retry ends with 3 if letters are left that it was asked to retry.`;

const options = { store: text, app: text, all: flag, trust: flag, json: flag };

type Given = ReturnType<typeof readOptions<typeof options>>['options'];

/** `hearth dead-letters` */
export const deadLetters: Command = {
  summary: 'list what was rejected or could not be delivered, and try it again',
  usage,
  async run(args, io) {
    const { options: given, words } = readOptions(args, options);
    const [action, ...ids] = words;
    if (action === 'list' && ids.length === 0) return withLetters(given, list(io, given));
    if (action !== 'retry') throw new HearthError('invalid-option', 'Say "list" or "retry <id>…".');
    if ((ids.length === 0) !== (given.all === true)) {
      throw new HearthError(
        'invalid-option',
        'Name the letters to retry by their ids, or say --all.',
      );
    }
    if (given.app === undefined) {
      throw new HearthError('invalid-option', '--app: say which module exports the app.');
    }
    const app = await loadApp(given.app, '--app');
    return withLetters(given, retry(io, given, app, ids));
  },
};

type Work = (letters: OpenLetters, runtime: Runtime) => Promise<number>;

async function withLetters({ store: file }: Given, work: Work): Promise<number> {
  const { store, letters } = openStore(file);
  try {
    const clock = systemClock();
    return await work(letters, {
      store,
      clock,
      publisher: later,
      deadLetters: letters,
      sweep: true,
    });
  } finally {
    await store.close();
  }
}

const notHere = new HearthError('publisher-unavailable', 'The running home delivers this.', {
  retryable: true,
});

/** Leaves every output in its outbox, for the sweeper of the running home. */
const later: Publisher = {
  ordered: true,
  publish: async (events) => events.map(() => ({ outcome: 'failed', error: notHere })),
};

/** A letter with what it says. */
interface Opened extends DeadLetter {
  readonly id: string;
  readonly at: string;
}

function opened({ id, body }: KeptLetter): Opened {
  try {
    const { data, time = '' } = decodeStructured(body) as CloudEvent<string, DeadLetter>;
    return { id, at: time, ...data } as Opened;
  } catch {
    return { id, at: '', code: 'unreadable', message: 'This is no letter of Hearth.' };
  }
}

const pageSize = 200;

async function allOf(letters: OpenLetters): Promise<readonly Opened[]> {
  const all: Opened[] = [];
  let cursor: string | undefined;
  do {
    const page = await letters.list({
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.letters.map(opened));
    ({ cursor } = page);
  } while (cursor !== undefined);
  return all;
}

const list =
  (io: Io, { json }: Given): Work =>
  async (letters) => {
    const all = await allOf(letters);
    if (json === true) print(io, JSON.stringify({ letters: all }));
    else for (const letter of all) print(io, letterText(letter));
    if (json !== true && all.length === 0) print(io, 'There are no dead letters.');
    return exitCodes.done;
  };

function letterText({ id, at, code, message = '', event, raw }: Opened): string {
  const what =
    event === undefined
      ? `a message that is no event: ${loggable((raw ?? '').slice(0, 60))}`
      : `${event.type} ${loggable(event.subject ?? '')}`;
  const when = at.slice(0, 19).replace('T', ' ');
  return `${padded(when, 19)}  ${code}  ${what}\n  ${loggable(message)}\n  ${id}`;
}

/** What became of one letter. */
interface Retried {
  readonly id: string;
  readonly outcome: 'done' | 'left';
  readonly why?: string;
}

const retry =
  (io: Io, given: Given, app: App, ids: readonly string[]): Work =>
  async (letters, runtime) => {
    const results: Retried[] = [];
    const chosen = given.all === true ? allOf(letters) : byId(letters, ids);
    for (const letter of await chosen) {
      const result = await retryOne(app, runtime, letter, given.trust === true);
      if (result.outcome === 'done') await letters.remove(letter.id);
      results.push(result);
      if (given.json !== true) print(io, resultText(result));
    }
    const left = results.filter(({ outcome }) => outcome === 'left').length;
    if (given.json === true) print(io, JSON.stringify({ retried: results, left }));
    else print(io, `${results.length - left} done, ${left} left`);
    return left === 0 ? exitCodes.done : exitCodes.different;
  };

function byId(letters: OpenLetters, ids: readonly string[]): Promise<readonly Opened[]> {
  const find = async (id: string) => {
    const letter = await letters.get(id);
    if (letter === undefined) throw new HearthError('not-found', `There is no letter "${id}".`);
    return opened(letter);
  };
  return Promise.all(ids.map(find));
}

async function retryOne(
  app: App,
  runtime: Runtime,
  letter: Opened,
  isTrusted: boolean,
): Promise<Retried> {
  const { id, code, event } = letter;
  const left = (why: string): Retried => ({ id, outcome: 'left', why });
  if (event === undefined) return left('it holds no event');
  if (event.source === app.source) return left('the app said it itself; nobody handles it');
  // To the core, an event that nobody knows is done; here it would be lost.
  if (!app.routes.has(event.type)) return left(`nothing in this app handles "${event.type}"`);
  if (code === 'not-permitted' && !isTrusted)
    return left('its sender was not permitted to say it; --trust overrules');
  const principal = { kind: 'service', id: 'hearth-cli' } as const;
  const [handled] = await handle(app, [{ event, principal, lastAttempt: true }], runtime);
  return handled?.verdict === 'done' ? { id, outcome: 'done' } : left(reasonOf(handled));
}

function reasonOf(handled: Handled | undefined): string {
  const { verdict = 'retry', code, message = '' } = handled ?? {};
  return [verdict, code, message].filter((one) => one !== undefined && one !== '').join(', ');
}

function resultText({ id, outcome, why }: Retried): string {
  return why === undefined ? `${outcome}  ${id}` : `${outcome}  ${id}  ${loggable(why)}`;
}
