import { guarded, runLive, type Io, type Paint, type RunningHome } from '@hearth/cli';
import { readCommandLine, usage } from './command-line.ts';
import { app, recordedApp } from './home.ts';
import { playRecording, replayPrefix } from './replay.ts';
import { countRows } from './recording.ts';
import { liveInRooms } from './rooms.ts';

const args = process.argv.slice(2);
const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  now: Date.now,
};

async function main(): Promise<number> {
  const asked = readCommandLine(args);
  const { broker, json = false, replay: file, speed = Infinity, below = 15.5 } = asked;
  if (asked.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const common = { io, json, ...(asked.for === undefined ? {} : { forMs: asked.for }) };
  const outside = broker === undefined ? {} : { broker };
  if (file !== undefined) {
    const total = await countRows(file);
    return runLive(recordedApp(below), {
      ...common,
      home: { ...outside, folder: '.hearth/replay', prefix: replayPrefix, fresh: true },
      greet: (home, { strong }) => [strong(`A recorded room through ${home.url}`), ''],
      begin: (host) => playRecording(host, { file, total, speed }),
    });
  }
  const folder = '.hearth';
  const { devices = 3, rate = 1, fresh = false } = asked;
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
      'Two people leave after 2 s and turn the heating down. It gets cold. They come back after 13 s.',
    ),
    faint('Take part from another terminal:'),
    `  mosquitto_pub ${where} -q 1 -t thermostat/kitchen/temperature -m '{"celsius": 12}'`,
    `  mosquitto_pub ${where} -q 1 -t thermostat/kitchen/set -m '{"occupiedHeatingSetpoint": 25}'`,
    '',
  ];
}

process.exitCode = await guarded('npm start', args, io, main);
