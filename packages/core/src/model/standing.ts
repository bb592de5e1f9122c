import { defineEvent } from './event.ts';
import type { Incoming } from './event.ts';
import { schemaOf, wrong } from './twin-schemas.ts';

/** Why nothing is taken from a device, or given to it. */
export type Barred = 'suspended' | 'decommissioned';

/** How a device stands with whoever keeps the registry: `barred` is `null` when it may take part. */
export interface Standing {
  readonly barred: Barred | null;
  /** The device model it is meant for; every model of the app when absent. */
  readonly model?: string;
}

/** What of a device must not be known to whoever gets it next; wishes and open commands are forgotten in any case. */
export interface Forgotten {
  /** The reported properties that go back to how they were in the beginning. */
  readonly properties: 'all' | readonly string[];
  readonly model?: string;
}

const isModel = (model: unknown): boolean => model === undefined || typeof model === 'string';

/** Says whether a device may take part. Only a service or the app says it. */
export const standing = defineEvent(
  'hearth.device.standing',
  schemaOf<Standing>((value) => {
    const { barred, model } = (value ?? {}) as Partial<Standing>;
    if (barred !== null && barred !== 'suspended' && barred !== 'decommissioned')
      return wrong('must be "suspended", "decommissioned" or null', 'barred');
    if (!isModel(model)) return wrong('must be the type of a device model', 'model');
    return { value: value as Standing };
  }),
);

/** Says that a device has changed hands. Only a service or the app says it. */
export const forgotten = defineEvent(
  'hearth.device.forgotten',
  schemaOf<Forgotten>((value) => {
    const { properties, model } = (value ?? {}) as Partial<Forgotten>;
    const isNames = Array.isArray(properties) && properties.every((one) => typeof one === 'string');
    if (properties !== 'all' && !isNames)
      return wrong('must be "all" or names of properties', 'properties');
    if (!isModel(model)) return wrong('must be the type of a device model', 'model');
    return { value: value as Forgotten };
  }),
);

/** Who is meant by what the registry says of a device: the record of this model, or nobody of it. */
export function meantFor(type: string): (event: Incoming) => string | undefined {
  return ({ subject, data }) => {
    const { model } = data as { readonly model?: string };
    return model === undefined || model === type ? subject : undefined;
  };
}
