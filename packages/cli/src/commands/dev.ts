import { HearthError, type App } from '@hearth/core';
import { runLive } from '../live/run.ts';
import { modelsOf } from '../live/kinds.ts';
import type { Paint } from '../live/paint.ts';
import { loadApp } from '../load-app.ts';
import { localTopics } from '../local/topics.ts';
import { storeFile, type RunningHome } from '../local/home.ts';
import { duration, flag, readOptions, text } from '../options.ts';
import type { Command } from './command.ts';

const usage = `hearth dev <module> [--folder DIR] [--broker URL] [--for 30s] [--log FILE] [--fresh] [--json]

Runs the app that a module exports with everything embedded: an MQTT broker on a free port of the loopback interface, records in a
SQLite file, timers, and a view of what it does. Devices and you publish to the topics that it prints, CloudEvents in JSON or plain
data. Stop it, kill it, start it again: it goes on from where it was.

  --folder DIR   where everything is kept (default .hearth)
  --broker URL   use an outside broker instead of the embedded one
  --for 30s      end by itself after so long; else Ctrl-C ends it
  --log FILE     write every event that comes in to a file, for hearth replay
  --fresh        forget what is kept and begin anew
  --json         one JSON object with the totals at the end`;

const options = {
  folder: text,
  broker: text,
  for: duration,
  log: text,
  fresh: flag,
  json: flag,
};

/** `hearth dev` */
export const dev: Command = {
  summary: 'run an app with broker, store and timers embedded, and watch it',
  usage,
  async run(args, io) {
    const { options: given, words } = readOptions(args, options);
    const [module, ...more] = words;
    if (module === undefined || more.length > 0) {
      throw new HearthError('invalid-option', 'Name one module that exports the app to run.');
    }
    const app = await loadApp(module, 'module');
    const { broker, fresh = false, json = false, folder = '.hearth' } = given;
    return runLive(app, {
      io,
      json,
      home: { folder, fresh, ...(broker === undefined ? {} : { broker }) },
      ...(given.for === undefined ? {} : { forMs: given.for }),
      ...(given.log === undefined ? {} : { log: given.log }),
      greet: (home, colors) => greeting(app, home, folder, colors),
    });
  },
};

function greeting(
  app: App,
  home: RunningHome,
  folder: string,
  { strong, faint }: Paint,
): readonly string[] {
  const { hostname, port } = new URL(home.url);
  const { incoming, outgoing } = localTopics(app);
  const [example = 'device/{device}/bound'] = Object.keys(incoming);
  const topic = example.replace(/\{\w+\}/, 'd1');
  const names = modelsOf(app).map(({ type }) => type);
  return [
    strong(`${app.source} on ${home.url}; its records are in ${storeFile(folder)}`),
    faint(`models: ${names.join(', ') || 'none'}`),
    faint('publish to:'),
    ...Object.keys(incoming).map((one) => `  ${one}`),
    faint('subscribe to:'),
    ...Object.values(outgoing).map((one) => `  ${typeof one === 'string' ? one : one.topic}`),
    faint('for example:'),
    `  mosquitto_pub -h ${hostname} -p ${port || 1883} -q 1 -t ${topic} -m '<data in JSON>'`,
    '',
  ];
}
