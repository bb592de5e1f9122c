import * as z from 'zod';

// The schemas of the README's app, in a module of their own: what it costs to import them is not Hearth's.

/** A thermostat's state. */
export const state = z.object({
  localTemperature: z.number().nullable(),
  occupiedHeatingSetpoint: z.number(),
});

/** What of it can be wished for. */
export const writable = z.object({ occupiedHeatingSetpoint: z.number().min(5).max(35) });

/** What it reports. */
export const data = z.object({ celsius: z.number().min(-40).max(85) });

/** A home's state. */
export const homeState = z.object({ occupants: z.number() });
