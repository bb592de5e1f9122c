import * as z from 'zod';
import { defineCapability } from './capability.ts';
import { oneOf, whole } from './words.ts';

const text = (max: number) => z.string().max(max);
const nodeLabel = text(32);

/** Who made a device, which one it is, and what software runs on it. What it has not told is absent. */
export const basicInformation = defineCapability({
  name: 'basicInformation',
  clusters: ['BasicInformation'],
  state: z
    .object({
      vendorName: text(32),
      vendorId: whole(0, 65_535),
      productName: text(32),
      productId: whole(0, 65_535),
      nodeLabel,
      hardwareVersion: whole(0, 65_535),
      hardwareVersionString: text(64),
      softwareVersion: whole(0, 4_294_967_295),
      softwareVersionString: text(64),
      manufacturingDate: text(16),
      partNumber: text(32),
      serialNumber: text(32),
      uniqueId: text(32),
      reachable: z.boolean(),
    })
    .partial(),
  initial: {},
  writable: z.object({ nodeLabel }).partial(),
  events: { startUp: { data: z.object({ softwareVersion: whole(0, 4_294_967_295) }) } },
});

/** Whether a source of power is in use. */
export const powerSourceStatuses = {
  unspecified: 0,
  active: 1,
  standby: 2,
  unavailable: 3,
} as const;

/** How a battery is. */
export const batChargeLevels = { ok: 0, warning: 1, critical: 2 } as const;

/** What a battery does. */
export const batChargeStates = {
  unknown: 0,
  isCharging: 1,
  isAtFullCharge: 2,
  isNotCharging: 3,
} as const;

/** What a device gets its power from. What it has no battery for is absent. */
export const powerSource = defineCapability({
  name: 'powerSource',
  clusters: ['PowerSource'],
  state: z.object({
    status: oneOf(powerSourceStatuses),
    batVoltage: whole(0, 4_294_967_295).meta({ unit: 'mV' }).nullable().optional(),
    batPercentRemaining: z
      .number()
      .min(0)
      .max(100)
      .meta({ unit: '%', description: 'Matter: in 0.5 %' })
      .nullable()
      .optional(),
    batTimeRemaining: whole(0, 4_294_967_295).meta({ unit: 's' }).nullable().optional(),
    batChargeLevel: oneOf(batChargeLevels).optional(),
    batChargeState: oneOf(batChargeStates).optional(),
    batReplacementNeeded: z.boolean().optional(),
  }),
  initial: { status: 'unspecified' },
});
