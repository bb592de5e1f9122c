import type { CloudEvent } from '@hearth/core';
import type { MqttRoutes } from '../publisher.ts';
import {
  backendFilters,
  grantsOf,
  rootsOf,
  usernameOf,
  type AccessOptions,
  type DeviceAccess,
  type Grant,
} from './device-access.ts';

/** One thing that a role may do. */
export interface DynamicSecurityAcl {
  readonly acltype: 'publishClientSend' | 'publishClientReceive' | 'subscribePattern';
  readonly topic: string;
  readonly priority: 0;
  readonly allow: true;
}

/** A role: there is one for each credential, and one for all backends. */
export interface DynamicSecurityRole {
  readonly rolename: string;
  readonly acls: readonly DynamicSecurityAcl[];
}

/** Somebody who may connect. Nobody has a password: the certificate is the proof. */
export interface DynamicSecurityClient {
  readonly username: string;
  readonly roles: readonly { readonly rolename: string; readonly priority: 0 }[];
}

/** What the plugin keeps in its `plugin_opt_config_file`, as JSON. */
export interface DynamicSecurity {
  readonly defaultACLAccess: Readonly<Record<string, boolean>>;
  readonly roles: readonly DynamicSecurityRole[];
  readonly groups: readonly never[];
  readonly clients: readonly DynamicSecurityClient[];
}

/** A message for `dynamicSecurityTopic`. */
export interface DynamicSecurityCommands {
  readonly commands: readonly (
    | ({ readonly command: 'createRole' } & DynamicSecurityRole)
    | ({ readonly command: 'createClient' } & DynamicSecurityClient)
    | { readonly command: 'deleteClient'; readonly username: string }
    | { readonly command: 'deleteRole'; readonly rolename: string }
  )[];
}

/** Where backends tell the plugin of changes. */
export const dynamicSecurityTopic = '$CONTROL/dynamic-security/v1';

/**
 * Makes the configuration of mosquitto's dynamic security plugin: the same rights as `aclFile` gives, and backends may change them while
 * the broker runs. Write it as JSON before the broker starts for the first time; from then on the plugin owns the file.
 *
 * @throws {HearthError} as `aclFile`.
 */
export function dynamicSecurity(
  devices: Iterable<DeviceAccess>,
  options: AccessOptions = {},
): DynamicSecurity {
  const roots = rootsOf(options);
  const { backends = [] } = options;
  const grants = [...grantsOf(devices, roots, backends)];
  const names = backends.map(usernameOf);
  return {
    defaultACLAccess: {
      publishClientSend: false,
      publishClientReceive: false,
      subscribe: false,
      unsubscribe: true,
    },
    roles: [backendRole(backendFilters(options, roots)), ...grants.map(roleOf)],
    groups: [],
    clients: [
      ...names.map((name) => clientOf(name, backend)),
      ...grants.map(({ username }) => clientOf(username, username)),
    ],
  };
}

/**
 * Makes the message that lets credentials of a device in: publish it as a backend to `dynamicSecurityTopic` when `admitted` tells of one.
 *
 * @throws {HearthError} as `aclFile`.
 */
export function letIn(access: DeviceAccess, options: AccessOptions = {}): DynamicSecurityCommands {
  const grants = [...grantsOf([access], rootsOf(options), options.backends ?? [])];
  return {
    commands: grants.flatMap((grant) => [
      { command: 'createRole', ...roleOf(grant) } as const,
      { command: 'createClient', ...clientOf(grant.username, grant.username) } as const,
    ]),
  };
}

/** Makes the message that shuts credentials out, when `revoked` tells of one. Their connections are ended at once. */
export function keepOut(credentials: readonly string[]): DynamicSecurityCommands {
  return {
    commands: credentials
      .map(usernameOf)
      .flatMap((name) => [
        { command: 'deleteClient', username: name } as const,
        { command: 'deleteRole', rolename: name } as const,
      ]),
  };
}

/**
 * Routes of `mqttPublisher` that keep the plugin up to date: who is `admitted` is let in before the device hears of its new credential, and
 * who is `revoked` is shut out. The connection is that of a backend.
 *
 * `type` is that of `defineCredentials`, `hearth.credentials` unless given.
 */
export function dynamicSecurityRoutes(
  options: AccessOptions & { readonly type?: string } = {},
): MqttRoutes {
  const { type = 'hearth.credentials', ...access } = options;
  rootsOf(access);
  const route = (commands: (device: string, credential: string) => DynamicSecurityCommands) => ({
    topic: dynamicSecurityTopic,
    payload: ({ subject = '', data }: CloudEvent) =>
      JSON.stringify(commands(subject, (data as { readonly credential: string }).credential)),
  });
  return {
    [`${type}.admitted`]: route((device, credential) =>
      letIn({ device, credentials: [credential] }, access),
    ),
    [`${type}.revoked`]: route((_, credential) => keepOut([credential])),
  };
}

// No credential can be called that, since a name has no space before it.
const backend = ' backend';

const clientOf = (username: string, rolename: string): DynamicSecurityClient => ({
  username,
  roles: [{ rolename, priority: 0 }],
});

function roleOf({ username, own, proof }: Grant): DynamicSecurityRole {
  return { rolename: username, acls: [...both(own), may('publishClientSend', proof)] };
}

function backendRole(filters: readonly string[]): DynamicSecurityRole {
  const all = ['$CONTROL/dynamic-security/#', ...filters];
  return { rolename: backend, acls: all.flatMap(both) };
}

const may = (acltype: DynamicSecurityAcl['acltype'], topic: string): DynamicSecurityAcl => ({
  acltype,
  topic,
  priority: 0,
  allow: true,
});

const both = (topic: string): readonly DynamicSecurityAcl[] => [
  may('publishClientSend', topic),
  may('publishClientReceive', topic),
  may('subscribePattern', topic),
];
