/** A room with a radiator. */
export interface Room {
  readonly celsius: number;
  /** What the radiator heats to, °C. */
  readonly setpointCelsius: number;
  readonly isHeating: boolean;
  /** How slowly the room follows the world outside: after so many minutes 63 % of a difference is gone. */
  readonly inertiaMinutes: number;
}

const outsideCelsius = 2;
/** How much warmer than outside a room gets if its radiator never stops. */
const radiatorCelsius = 34;
/** The radiator starts so much below the setpoint and stops so much above it. */
const hysteresisCelsius = 0.3;

/** The room `minutes` later: it loses heat as Newton's law says, and its radiator works until the setpoint is reached. */
export function later(room: Room, minutes: number): Room {
  const { celsius, setpointCelsius, inertiaMinutes } = room;
  const isHeating = room.isHeating
    ? celsius < setpointCelsius + hysteresisCelsius
    : celsius < setpointCelsius - hysteresisCelsius;
  const goal = outsideCelsius + (isHeating ? radiatorCelsius : 0);
  const left = Math.exp(-minutes / inertiaMinutes);
  return { ...room, isHeating, celsius: goal + (celsius - goal) * left };
}
