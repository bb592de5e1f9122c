import { HearthError, isHearthError, type App } from '@hearth/core';
import {
  compareDecisions,
  decisionLines,
  decisionsIn,
  type CompareOptions,
  type Decided,
} from '@hearth/core/adopt';
import { simulation } from '@hearth/core/simulate';
import { logSize, readLog } from '../event-log.ts';
import { loadApp } from '../load-app.ts';
import { duration, flag, readOptions, text } from '../options.ts';
import { exitCodes, print, type Command } from './command.ts';

const usage = `hearth shadow <log.jsonl> --existing FILE [--app MODULE] [--within 60s] [--types A,B] [--json]

Says where an app and the backend that is in charge decide differently. Logs have one CloudEvent in JSON a line.

  --existing FILE  what the existing backend decided
  --app MODULE     the module that exports the app: the log is what came in, and is put through the app as by hearth replay.
                   Without it, the log is what the app itself has decided in shadow.
  --within 60s     how far apart two decisions may be and still be one
  --types A,B      the event types that are decisions; those that the existing backend has decided unless given
  --json           one JSON object

Ends with 3 if they differ.`;

const options = { existing: text, app: text, within: duration, types: text, json: flag };

/** `hearth shadow` */
export const shadowCommand: Command = {
  summary: 'compare what an app decides with what an existing backend decided',
  usage,
  async run(args, io) {
    const { options: given, words } = readOptions(args, options);
    const [log, ...more] = words;
    if (log === undefined || more.length > 0 || given.existing === undefined) {
      const message = 'Name one log, and with --existing what the other backend decided.';
      throw new HearthError('invalid-option', message);
    }
    const app = given.app === undefined ? undefined : await loadApp(given.app, '--app');
    const theirs = await decisionsOf(given.existing);
    const ours = app === undefined ? await decisionsOf(log) : await replayed(app, log);
    const how: CompareOptions = {
      ...(given.within === undefined ? {} : { withinMs: given.within }),
      ...(given.types === undefined ? {} : { types: given.types.split(',') }),
    };
    const compared = compareDecisions(ours, theirs, how);
    if (given.json === true) print(io, JSON.stringify(compared));
    else for (const line of decisionLines(compared)) print(io, line);
    const { differ, onlyOurs, onlyTheirs } = compared;
    return differ + onlyOurs + onlyTheirs === 0 ? exitCodes.done : exitCodes.different;
  },
};

async function decisionsOf(file: string): Promise<readonly Decided[]> {
  await logSize(file);
  const decided: Decided[] = [];
  for await (const { line, event } of readLog(file)) {
    const at = isHearthError(event) ? Number.NaN : Date.parse(event.time ?? '');
    if (isHearthError(event) || Number.isNaN(at)) {
      const message = `Line ${line} of "${file}" is no CloudEvent with a time.`;
      throw new HearthError('invalid-data', message);
    }
    decided.push({ at, event });
  }
  return decided;
}

async function replayed(app: App, file: string): Promise<readonly Decided[]> {
  const came = await decisionsOf(file);
  const run = simulation(app, { start: came[0]?.at ?? 0 });
  for (const { at, event } of came) if (event.source !== app.source) run.happen({ at, event });
  return decisionsIn(run.steps);
}
