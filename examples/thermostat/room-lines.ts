import { padded, type Paint } from '@hearth/cli';
import { read, type Runtime } from '@hearth/core';
import { home, thermostat } from './home.ts';
import type { SimulatedRoom } from './room.ts';
import type { FurnishedHome } from './rooms.ts';

const shown = 6;
const scale = { fromCelsius: 8, toCelsius: 24, columns: 16 };

/** What the app knows of the first homes and rooms, as its records say, and beside it what goes on in the rooms. */
export async function roomLines(
  runtime: Runtime,
  homes: readonly FurnishedHome[],
  colors: Paint,
): Promise<readonly string[]> {
  const [first] = homes;
  if (first === undefined) return [];
  const { state } = await read(runtime, home.ref(first.name));
  const there = state.occupants;
  const who = there === 0 ? 'nobody' : there === 1 ? 'one person' : `${there} people`;
  const rooms = homes.flatMap((one) => one.rooms);
  const lines = await Promise.all(
    rooms.slice(0, shown).map((room) => lineOf(runtime, room, colors)),
  );
  const more =
    rooms.length > shown ? [colors.faint(`… and ${rooms.length - shown} more rooms`)] : [];
  return ['', `${colors.strong(first.name)}: ${who} at home`, ...lines, ...more];
}

async function lineOf(runtime: Runtime, room: SimulatedRoom, colors: Paint): Promise<string> {
  const { state } = await read(runtime, thermostat.ref(room.name));
  const { session } = (await read(runtime, thermostat.connection(room.name))).state;
  const { localTemperature, occupiedHeatingSetpoint } = state.reported;
  const celsius = localTemperature ?? Number.NaN;
  const color = celsius < 15.5 ? colors.cold : colors.good;
  const heating = room.state.isHeating ? colors.warm('heating') : '       ';
  const display = room.display === '' ? '' : colors.notable(`"${room.display}"`);
  // What it was told and has not done: the delta of its twin.
  const open = (state.sent as { readonly occupiedHeatingSetpoint?: number } | undefined)
    ?.occupiedHeatingSetpoint;
  const wished = open === undefined ? '' : colors.notable(`→ ${open} °C`);
  const away = session === null ? colors.bad('away') : '';
  return [
    padded(room.name, 12),
    color(`${celsius.toFixed(1).padStart(5)} °C ${barOf(celsius)}`),
    `set to ${String(occupiedHeatingSetpoint).padStart(2)} °C`,
    heating,
    ...[wished, away, display].filter((part) => part !== ''),
  ].join('  ');
}

function barOf(celsius: number): string {
  const { fromCelsius, toCelsius, columns } = scale;
  const share = (celsius - fromCelsius) / (toCelsius - fromCelsius);
  const full = Math.round(Math.max(0, Math.min(1, share)) * columns);
  return `${'▇'.repeat(full)}${'·'.repeat(columns - full)}`;
}
