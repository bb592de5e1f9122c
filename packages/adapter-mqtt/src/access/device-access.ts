import { HearthError } from '@hearth/core';
import { topicPattern } from '@hearth/core/event';

/** A device, and what it may come in with. */
export interface DeviceAccess {
  readonly device: string;
  /**
   * The names under which the broker knows who comes in with a credential of the device: the common names of its certificates where the
   * broker has `use_identity_as_username true`. Each belongs to one credential of one device.
   */
  readonly credentials: readonly string[];
}

/** Which topics are whose. */
export interface AccessOptions {
  /** What the topics of a device begin with, before its name: `device` unless given. */
  readonly root?: string;
  /**
   * Where a device proves a credential: `<proof>/<device>/<credential>` belongs to that credential alone, so that the pattern
   * `proof/{device}/{credential}` tells by which one it came. `proof` unless given.
   */
  readonly proof?: string;
  /** The names of backends, which read and write the topics of all devices. */
  readonly backends?: readonly string[];
  /** Filters of what backends read and write besides: `home/#`. Devices never do. */
  readonly backendTopics?: readonly string[];
}

/** The topics of one credential, and the name that may use them. */
export interface Grant {
  readonly username: string;
  /** What may be published and subscribed to. */
  readonly own: string;
  /** What may be published besides. */
  readonly proof: string;
}

/**
 * The filters of what a backend reads and writes.
 *
 * @throws {HearthError} `invalid-option` for what is no topic filter.
 */
export function backendFilters({ backendTopics = [] }: AccessOptions, { root, proof }: Roots) {
  for (const filter of backendTopics) {
    const isFilter = /^(?:[^+#\p{Cc}\p{Cs}/]+|\+)(?:\/(?:[^+#\p{Cc}\p{Cs}/]+|\+))*(?:\/#)?$/u;
    if (!isFilter.test(filter)) refuse('backendTopics', 'must be topic filters such as "home/#"');
  }
  return [`${root}/#`, `${proof}/#`, ...backendTopics];
}

/** Where all devices are. */
export interface Roots {
  readonly root: string;
  readonly proof: string;
}

const level = topicPattern('{level}');

/** @throws {HearthError} `invalid-option` for roots that cannot be: a wildcard would let devices speak for others. */
export function rootsOf({ root = 'device', proof = 'proof' }: AccessOptions): Roots {
  for (const [field, value] of Object.entries({ root, proof })) {
    if (!/^[\w.:=-]+(\/[\w.:=-]+)*$/.test(value))
      refuse(field, 'must be levels of a topic without wildcards, such as "device"');
  }
  const isWithin = (a: string, b: string) => `${a}/`.startsWith(`${b}/`);
  if (isWithin(root, proof) || isWithin(proof, root))
    refuse('proof', 'must not be below "root", where every credential of a device may publish');
  return { root, proof };
}

/**
 * The grants of devices, in their order.
 *
 * @throws {HearthError} `invalid-option` for a name that two devices would share, or that an access list cannot hold; `invalid-topic` for
 * a device that cannot be a level of a topic.
 */
export function* grantsOf(
  devices: Iterable<DeviceAccess>,
  { root, proof }: Roots,
  backends: readonly string[],
): Generator<Grant> {
  const taken = new Set(backends.map(usernameOf));
  for (const { device, credentials } of devices) {
    const name = level.build({ level: device });
    for (const credential of credentials) {
      const username = usernameOf(credential);
      if (taken.has(username))
        refuse('credentials', `has "${username}" twice; one would speak for the other`);
      taken.add(username);
      const own = `${root}/${name}/#`;
      yield { username, own, proof: `${proof}/${name}/${level.build({ level: credential })}` };
    }
  }
}

/** A name as a line of a file may hold it. */
export function usernameOf(name: string): string {
  if (
    typeof name === 'string' &&
    /^[^\p{Cc}\p{Cs}\s]([^\p{Cc}\p{Cs}]*[^\p{Cc}\p{Cs}\s])?$/u.test(name)
  )
    return name;
  return refuse('credentials', 'must be names without line breaks, and without spaces around them');
}

function refuse(field: string, why: string): never {
  throw new HearthError('invalid-option', `"${field}" of an access list ${why}.`, { field });
}
