import type { Grants, Handler, Ref } from '../model/handler.ts';
import type { Readable } from '../model/reads.ts';
import type { Registered } from './registered.ts';

/** Which users belong to a home, and may therefore speak for it and for what lives there. */
export interface Homes<H = unknown> {
  readonly of: Readable<H>;
  /** The ids of the users. */
  readonly users: (home: H) => readonly string[];
}

const present = ['claimed', 'provisioned', 'active'];

/**
 * A hub speaks for itself and for the devices behind it while both are in use; a user for the devices that they own, for their homes, and
 * for what lives there.
 */
export function grantsOf(record: Handler<Registered>, homes: Homes | undefined): Grants {
  return {
    look({ kind, id }, subject) {
      const device = record.ref(subject);
      if (kind === 'hub') return [device, record.ref(id)];
      if (kind !== 'user') return [];
      return homes === undefined ? [device] : [device, homeRef(homes, subject)];
    },
    may({ kind, id }, subject, held) {
      const [device, second, third] = held as readonly [Registered, unknown?, unknown?];
      if (kind === 'hub') return speaksAsHub(device, second as Registered, id, subject);
      if (device.owner === id) return true;
      if (homes === undefined) return false;
      if (held.length > 2) return isUserOf(homes, third, id);
      if (isUserOf(homes, second, id)) return true;
      return device.home === null ? false : [homeRef(homes, device.home)];
    },
  };
}

function speaksAsHub(device: Registered, hub: Registered, id: string, subject: string): boolean {
  const isBehind = subject === id || device.hub === id;
  return isBehind && present.includes(hub.status) && present.includes(device.status);
}

const homeRef = ({ of }: Homes, home: string): Ref => ({
  record: of.record,
  subject: home,
  view: of.view,
});

/** What a user's function makes of a home that it did not expect is no yes. */
function isUserOf({ users }: Homes, home: unknown, id: string): boolean {
  return users(home).includes(id);
}
