import * as z from 'zod';
import { defineCapability } from './capability.ts';
import { celsius, occupancyOf, oneOf, whole } from './words.ts';

/** What a thermostat is set to do. */
export const systemModes = {
  off: 0,
  auto: 1,
  cool: 3,
  heat: 4,
  emergencyHeat: 5,
  precooling: 6,
  fanOnly: 7,
  dry: 8,
  sleep: 9,
} as const;

/** Whether a setpoint holds, whatever the schedule says. */
export const temperatureSetpointHolds = { setpointHoldOff: 0, setpointHoldOn: 1 } as const;

/** Which setpoint is raised or lowered. */
export const setpointRaiseLowerModes = { heat: 0, cool: 1, both: 2 } as const;

const setpoint = celsius(-50, 100);
const wishes = z
  .object({
    occupiedHeatingSetpoint: setpoint,
    occupiedCoolingSetpoint: setpoint,
    unoccupiedHeatingSetpoint: setpoint,
    unoccupiedCoolingSetpoint: setpoint,
    minSetpointDeadBand: celsius(0, 12.7).meta({ description: 'Matter: in 0.1 °C' }),
    temperatureSetpointHold: oneOf(temperatureSetpointHolds),
  })
  .partial();
const systemMode = oneOf(systemModes);
// What a thermostat rounds to its own hundredths of a degree is as it was wished.
const exactly = 0.005;

/** A thermostat. A setpoint is absent where the device has none; `localTemperature` is `null` while it is not known. */
export const thermostat = defineCapability({
  name: 'thermostat',
  clusters: ['Thermostat'],
  state: z.object({
    ...wishes.shape,
    localTemperature: celsius().nullable(),
    outdoorTemperature: celsius().nullable().optional(),
    occupiedHeatingSetpoint: setpoint,
    systemMode,
    thermostatRunningState: z
      .object({ heat: z.boolean(), cool: z.boolean(), fan: z.boolean() })
      .partial()
      .optional(),
    minHeatSetpointLimit: setpoint.optional(),
    maxHeatSetpointLimit: setpoint.optional(),
    minCoolSetpointLimit: setpoint.optional(),
    maxCoolSetpointLimit: setpoint.optional(),
  }),
  initial: { localTemperature: null, occupiedHeatingSetpoint: 20, systemMode: 'heat' },
  writable: wishes.extend({ systemMode: systemMode.optional() }),
  tolerance: {
    occupiedHeatingSetpoint: exactly,
    occupiedCoolingSetpoint: exactly,
    unoccupiedHeatingSetpoint: exactly,
    unoccupiedCoolingSetpoint: exactly,
  },
  commands: {
    setpointRaiseLower: {
      data: z.object({
        mode: oneOf(setpointRaiseLowerModes),
        amount: z.number().min(-12.8).max(12.7).meta({
          unit: '°C',
          description: 'Matter: in 0.1 °C',
        }),
      }),
      result: z.object({
        occupiedHeatingSetpoint: setpoint.optional(),
        occupiedCoolingSetpoint: setpoint.optional(),
      }),
      expiresMs: 10_000,
    },
  },
  events: {
    systemModeChange: {
      data: z.object({
        previousSystemMode: systemMode.optional(),
        currentSystemMode: systemMode,
      }),
    },
    setpointChange: {
      data: z.object({
        systemMode,
        occupancy: occupancyOf.optional(),
        previousSetpoint: setpoint.optional(),
        currentSetpoint: setpoint,
      }),
    },
  },
});

/** A temperature that is measured; `null` while it is not known. */
export const temperatureMeasurement = defineCapability({
  name: 'temperatureMeasurement',
  clusters: ['TemperatureMeasurement'],
  state: z.object({
    measuredValue: celsius().nullable(),
    minMeasuredValue: celsius().nullable().optional(),
    maxMeasuredValue: celsius().nullable().optional(),
    tolerance: celsius(0, 20.48).optional(),
  }),
  initial: { measuredValue: null },
});

/** Whether somebody is there; `null` while it is not known. */
export const occupancySensing = defineCapability({
  name: 'occupancySensing',
  clusters: ['OccupancySensing'],
  state: z.object({
    occupancy: occupancyOf.nullable(),
    holdTime: whole(0, 65_535).meta({ unit: 's' }).optional(),
  }),
  initial: { occupancy: null },
  writable: z.object({ holdTime: whole(0, 65_535).meta({ unit: 's' }) }).partial(),
  events: { occupancyChanged: { data: z.object({ occupancy: occupancyOf }) } },
});
