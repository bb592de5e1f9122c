import { setTimeout as sleep } from 'node:timers/promises';
import { barText, type Company, type Host } from '@hearth/cli';
import { HearthError, lives } from '@hearth/core';
import { connectDevice, say, type Published } from './device.ts';
import { home, thermostat } from './home.ts';
import { readRecording, type Row } from './recording.ts';

/** How a recording is played. */
export interface ReplayOptions {
  readonly file: string;
  /** How many rows it has. */
  readonly total: number;
  /** How many times faster than it was recorded; `Infinity` does not wait at all. */
  readonly speed: number;
}

/** What the topics of a replay begin with, so that it stays apart from other homes on an outside broker. */
export const replayPrefix = 'replay/';

const room = 'recorded-room';
const house = 'recorded-home';

/** Plays a recorded room as a thermostat and an occupancy sensor would have said it, through the broker. */
export async function playRecording(host: Host, options: ReplayOptions): Promise<Company> {
  const { total } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const player = await openPlayer(host, signal);
  let rows = 0;
  const play = async () => {
    const begun = performance.now();
    let first: Row | undefined;
    let before: Row | undefined;
    for await (const row of readRecording(options.file)) {
      first ??= row;
      const waitMs = begun + (row.at - first.at) / options.speed - performance.now();
      if (waitMs >= 1) await sleep(waitMs, undefined, { signal });
      await player.play(row, before);
      rows = row.number;
      before = row;
    }
    await player.settled();
  };
  const done = play();
  return {
    done,
    panel: async () => ['', `recording  ${barText(rows, total)}  row ${rows} of ${total}`],
    summary: () => ({ rows }),
    async stop() {
      stopping.abort();
      await done.catch(() => undefined);
      await player.close();
    },
  };
}

interface Player {
  /** Says what has changed since the row before. */
  play(row: Row, before: Row | undefined): Promise<void>;
  /** Resolves when the app has handled everything. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

// So many readings may be on their way; then the player waits for the app.
const mostAhead = 500;

async function openPlayer({ home: running, tally }: Host, signal: AbortSignal): Promise<Player> {
  await running.tell(lives(room, house, thermostat));
  const connect = (user: string) => connectDevice(running.url, `player-${user}`, user);
  const [device, sensor] = await Promise.all([connect(room), connect(house)]);
  let said = 0;
  const published: Published = (id) => {
    said += 1;
    tally.published(id);
  };
  const measured = say(device, `urn:acme:device:${room}`, published, replayPrefix);
  const occupancy = say(sensor, `urn:acme:sensor:${house}`, published, replayPrefix);
  const behind = () => {
    const { done, rejected } = running.stats();
    return said - done - rejected;
  };
  const catchUp = async (most: number) => {
    while (behind() > most) await sleep(1, undefined, { signal });
  };
  return {
    async play({ number, at, celsius, isOccupied }, before) {
      const temperature = () =>
        void measured(thermostat.events.temperature(room, { celsius }), {
          id: `row-${number}`,
          at,
        });
      if (isOccupied === before?.isOccupied) {
        temperature();
        return catchUp(mostAhead);
      }
      const came = { id: `people-${number}`, at };
      const people = () =>
        void occupancy(home.events.occupancy(house, { occupants: isOccupied ? 1 : 0 }), came);
      // Device and home are two records with no common order, so each waits for the other. Who comes is told before the temperature
      // of that minute and who leaves after it: no decision is taken on half a row.
      for (const tell of isOccupied ? [people, temperature] : [temperature, people]) {
        await catchUp(0);
        tell();
      }
      await catchUp(0);
    },
    settled: () => catchUp(0),
    close: async () => void (await Promise.all([device.endAsync(), sensor.endAsync()])),
  };
}

/** Reads `--speed`: `max`, or how many times faster. */
export function readSpeed(text: string, name: string): number {
  const speed = text === 'max' ? Infinity : Number(text.replace(/x$/, ''));
  if (speed > 0) return speed;
  throw new HearthError(
    'invalid-option',
    `${name} needs "max" or a number above 0, not "${text}".`,
    {
      field: name,
    },
  );
}
