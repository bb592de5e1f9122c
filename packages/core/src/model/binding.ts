import type { StandardSchemaV1 } from '@standard-schema/spec';
import { defineEvent, type Draft } from './event.ts';
import type { Schema } from './schema.ts';

/** Where a device lives from now on: `home` is the home's id, or `null` when it has been taken out of one. */
export interface Lives {
  readonly home: string | null;
  /** The device model it is meant for; every model of the app keeps the binding when absent. */
  readonly model?: string;
}

// It becomes the subject and the partition of events.
const sayable = /^[^\p{Cc}\p{Cs}\p{Cn}]{1,1024}$/u;

const schema: Schema<Lives> = {
  '~standard': {
    version: 1,
    vendor: 'hearth',
    validate: (value): StandardSchemaV1.Result<Lives> => {
      const { home, model } = (value ?? {}) as Partial<Lives>;
      if (home !== null && (typeof home !== 'string' || !sayable.test(home))) {
        return { issues: [{ message: 'must be the id of a home or null', path: ['home'] }] };
      }
      if (model === undefined) return { value: { home } };
      if (typeof model === 'string') return { value: { home, model } };
      return { issues: [{ message: 'must be the type of a device model', path: ['model'] }] };
    },
  },
};

/** The event that binds a device to a home, or moves it to another. Only a service or the app says it. */
export const bound = defineEvent('hearth.device.bound', schema);

/**
 * Says which home a device lives in. Devices, topics and certificates need not know.
 *
 * The ids of devices and homes must differ. With several device models in an app, `model` spares the others a record.
 */
export function lives(
  device: string,
  home: string | null,
  model?: { readonly type: string },
): Draft<'hearth.device.bound', Lives> {
  return bound(device, model === undefined ? { home } : { home, model: model.type });
}
