import {
  backendFilters,
  grantsOf,
  rootsOf,
  usernameOf,
  type AccessOptions,
  type DeviceAccess,
} from './device-access.ts';

/**
 * Writes the `acl_file` of mosquitto: each credential may use the topics of its device, and prove itself on its own topic; nobody may
 * anything else.
 *
 * mosquitto reads it again on SIGHUP, and it then counts for sessions that are open as well. Its configuration needs `require_certificate
 * true`, `use_identity_as_username true`, and `use_username_as_clientid true`, or a device could take the session of another by its client
 * id.
 *
 * @throws {HearthError} `invalid-option` for names and roots by which somebody could speak for another; `invalid-topic` for a device that
 * cannot be a level of a topic.
 */
export function aclFile(devices: Iterable<DeviceAccess>, options: AccessOptions = {}): string {
  const roots = rootsOf(options);
  const { backends = [] } = options;
  const filters = backendFilters(options, roots).map((filter) => `topic readwrite ${filter}`);
  const blocks = backends.map((name) => [`user ${usernameOf(name)}`, ...filters]);
  for (const { username, own, proof } of grantsOf(devices, roots, backends))
    blocks.push([`user ${username}`, `topic readwrite ${own}`, `topic write ${proof}`]);
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}
