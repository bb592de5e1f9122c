import {
  duration,
  flag,
  guarded,
  number,
  readOptions,
  runLive,
  text,
  type Io,
  type Paint,
  type RunningHome,
} from '@hearth/cli';
import { HearthError } from '@hearth/core';
import { app, recordedApp } from './home.ts';
import { playRecording, readSpeed } from './replay.ts';
import { liveInRooms } from './rooms.ts';

const usage = `npm start -- [options]     a home with simulated thermostats, people and a broker, all on this computer

  --for 30s          end by itself after so long; else Ctrl-C ends it
  --devices N        so many thermostats (default 3), five to a home
  --rate N           readings a second from each (default 1)
  --broker URL       use an outside broker, such as mqtt://localhost:1883, instead of the embedded one
  --fresh            forget what is kept in .hearth and begin anew
  --json             print one JSON summary as the last line
  --replay FILE.csv  play a recorded room instead, from the beginning each time
      --below N      when it is cold, °C (default 15.5)
      --speed X|max  how many times faster than recorded (default max)`;

const options = {
  for: duration,
  devices: number({ from: 1, to: 5000, whole: true }),
  rate: number({ from: 0.01, to: 10_000 }),
  broker: text,
  fresh: flag,
  json: flag,
  replay: text,
  below: number(),
  speed: { takes: 'value', read: readSpeed },
  help: flag,
} as const;

const args = process.argv.slice(2);
const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  now: Date.now,
};

async function main(): Promise<number> {
  const { options: given, words } = readOptions(args, options);
  if (words[0] !== undefined) {
    throw new HearthError(
      'invalid-option',
      `What is "${words[0]}"? There are only options; --help lists them.`,
    );
  }
  if (given.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const astray = (file: string | undefined) =>
    (file === undefined ? ['below', 'speed'] : ['devices', 'rate']).find((name) => name in given);
  const lost = astray(given.replay);
  if (lost !== undefined) {
    const goes = given.replay === undefined ? 'goes only with' : 'does not go with';
    throw new HearthError('invalid-option', `--${lost} ${goes} --replay.`, { field: `--${lost}` });
  }
  const { broker, json = false, replay: file, speed = Infinity, below = 15.5 } = given;
  const common = { io, json, ...(given.for === undefined ? {} : { forMs: given.for }) };
  const outside = broker === undefined ? {} : { broker };
  if (file !== undefined) {
    return runLive(recordedApp(below), {
      ...common,
      home: { ...outside, folder: '.hearth/replay', fresh: true },
      greet: (home, colors) => [colors.strong(`A recorded room through ${home.url}`), ''],
      begin: (host) => playRecording(host, { file, speed }),
    });
  }
  const folder = '.hearth';
  const { devices = 3, rate = 1, fresh = false } = given;
  return runLive(app, {
    ...common,
    home: { ...outside, folder, fresh },
    greet,
    begin: (host) => liveInRooms(host, { folder, devices, rate }),
  });
}

function greet(home: RunningHome, { strong, faint }: Paint): readonly string[] {
  const { hostname, port } = new URL(home.url);
  const where = `-h ${hostname} -p ${port || 1883}`;
  return [
    strong(`A home on ${home.url}; what it knows is kept in .hearth`),
    faint(
      'Two people leave after 3 s and turn the heating down. It gets cold. They come back after 15 s.',
    ),
    faint('Take part from another terminal:'),
    `  mosquitto_pub ${where} -q 1 -t thermostat/kitchen/temperature -m '{"celsius": 12}'`,
    `  mosquitto_pub ${where} -q 1 -t thermostat/kitchen/set -m '{"occupiedHeatingSetpoint": 25}'`,
    '',
  ];
}

process.exitCode = await guarded('npm start', args, io, main);
