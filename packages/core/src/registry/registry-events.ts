import { dataOf, name, nullable, optional, reason, values } from '../model/fields.ts';
import type { Draft } from '../model/event.ts';
import { eventDef, type EventDef, type EventType } from '../model/event.ts';
import type { Schema } from '../model/schema.ts';
import type { Status } from './registered.ts';

/** What is asked of the registry. */
export interface Requests {
  /** A device has been made, or is taken over. */
  readonly register: {
    readonly model: string;
    readonly firmware?: string;
    readonly home?: string;
    readonly owner?: string;
    readonly hub?: string;
    readonly groups?: readonly string[];
    readonly tags?: Readonly<Record<string, string>>;
    /** Of a device that is taken over, where it is in its life; else `claimed` if it has an owner, or `registered`. */
    readonly status?: 'registered' | 'claimed' | 'provisioned' | 'active';
    /** What `proofOf` makes of the code on its label; without one, only a service can claim it. */
    readonly proof?: string;
  };
  /** It belongs to somebody: the user who says so with its code, or whom a service names. */
  readonly claim: {
    readonly code?: string;
    readonly owner?: string;
    readonly home?: string;
  };
  /** It has got what it needs to be let in: its credentials. */
  readonly provision: None;
  /** It has been there. */
  readonly activate: None;
  readonly suspend: { readonly reason?: string };
  readonly resume: None;
  /** It lives elsewhere, or belongs to somebody else. With another owner and no home it lives nowhere. */
  readonly transfer: { readonly owner?: string; readonly home?: string | null };
  /** It belongs to nobody any more, and can be claimed anew; by another code, if one is given. */
  readonly release: { readonly proof?: string };
  /** It speaks by a hub, or by itself (`null`). */
  readonly attach: { readonly hub: string | null };
  /** What is known of it has changed; `null` takes a tag away, or it out of a group. */
  readonly describe: {
    readonly model?: string;
    readonly firmware?: string | null;
    readonly proof?: string | null;
    readonly groups?: Readonly<Record<string, true | null>>;
    readonly tags?: Readonly<Record<string, string | null>>;
  };
  /** Its life is over. */
  readonly decommission: { readonly reason?: string };
}

type None = Readonly<Record<never, never>>;

/** What has happened to a device. */
export interface Fact {
  readonly status: Status;
  /** Its status before. */
  readonly before: Status;
  /** `<kind>:<id>` of who did it. */
  readonly by: string;
  readonly model: string;
  readonly owner: string | null;
  readonly home: string | null;
  readonly reason?: string;
}

const facts = [
  'registered',
  'claimed',
  'provisioned',
  'activated',
  'suspended',
  'resumed',
  'transferred',
  'released',
  'attached',
  'described',
  'decommissioned',
  'refused',
] as const;

/** The name of something that has happened; `refused` is a claim with a wrong code. */
export type FactName = (typeof facts)[number];

/** The types of all that is said to a registry and by it. */
export type RegistryEvents<T extends string> = {
  readonly [K in keyof Requests]: EventDef<`${T}.${K}`, Requests[K]>;
} & { readonly [K in FactName]: EventDef<`${T}.${K}`, Fact> };

/** Makes the events with which the registry is asked for something. */
export type RegistryRequests<T extends string> = {
  readonly [K in keyof Requests]: (
    device: string,
    ...data: None extends Requests[K] ? [data?: Requests[K]] : [data: Requests[K]]
  ) => Draft<`${T}.${K}`, Requests[K]>;
};

type Field = readonly [fits: (value: unknown) => boolean, why: string];

const isName = name[0];
const names: Field = [
  (value) => Array.isArray(value) && value.length <= 64 && value.every(isName),
  'must be a list of at most 64 names',
];
const named = (fits: (value: unknown) => boolean, why: string): Field => [
  (value) =>
    values[0](value) &&
    Object.entries(value as object).every(([key, each]) => isName(key) && fits(each)),
  why,
];
const tags = named(isName, 'must be texts of 1 to 256 characters by name');
const tagChanges = named(
  (value) => value === null || isName(value),
  'must be texts of 1 to 256 characters, or null, by name',
);
const groupChanges = named(
  (value) => value === true || value === null,
  'must be true or null by name',
);
const statuses = ['registered', 'claimed', 'provisioned', 'active'];
const status: Field = [
  (value) => statuses.includes(value as string),
  `must be one of ${statuses.join(', ')}`,
];
const proof: Field = [
  (value) => typeof value === 'string' && /^[\w-]{43}$/.test(value),
  'must be what proofOf(device, code) gives',
];

const schemas: { readonly [K in keyof Requests]: Schema<Requests[K]> } = {
  register: dataOf<Requests['register']>({
    model: name,
    firmware: optional(name),
    home: optional(name),
    owner: optional(name),
    hub: optional(name),
    groups: optional(names),
    tags: optional(tags),
    status: optional(status),
    proof: optional(proof),
  }),
  claim: dataOf<Requests['claim']>({
    code: optional(name),
    owner: optional(name),
    home: optional(name),
  }),
  provision: dataOf({}),
  activate: dataOf({}),
  suspend: dataOf<Requests['suspend']>({ reason: optional(reason) }),
  resume: dataOf({}),
  transfer: dataOf<Requests['transfer']>({ owner: optional(name), home: optional(nullable(name)) }),
  release: dataOf<Requests['release']>({ proof: optional(proof) }),
  attach: dataOf<Requests['attach']>({ hub: nullable(name) }),
  describe: dataOf<Requests['describe']>({
    model: optional(name),
    firmware: optional(nullable(name)),
    proof: optional(nullable(proof)),
    groups: optional(groupChanges),
    tags: optional(tagChanges),
  }),
  decommission: dataOf<Requests['decommission']>({ reason: optional(reason) }),
};

const services = ['app', 'service'] as const;
const owners = [...services, 'user'] as const;

/** Who may ask for what. A user must own the device; only a claim is open to users who do not. */
export const askers: { readonly [K in keyof Requests]: NonNullable<EventType['from']> } = {
  register: services,
  claim: owners,
  provision: services,
  activate: [...services, 'device', 'hub'],
  suspend: owners,
  resume: owners,
  transfer: owners,
  release: owners,
  attach: owners,
  describe: services,
  decommission: services,
};

const anyFact: Schema<Fact> = {
  '~standard': { version: 1, vendor: 'hearth', validate: (value) => ({ value: value as Fact }) },
};

/** Makes the types of the events of a registry. */
export function registryEvents<T extends string>(type: T): RegistryEvents<T> {
  const asked = Object.entries<Schema>(schemas).map(([key, data]) => {
    const open = key === 'claim' ? { open: ['user'] as const } : {};
    const from = askers[key as keyof Requests];
    return [key, eventDef({ type: `${type}.${key}`, data, older: [], from, ...open })] as const;
  });
  const happened = facts.map(
    (key) =>
      [key, eventDef({ type: `${type}.${key}`, data: anyFact, older: [], madeBy: type })] as const,
  );
  // Made from the names that the type is computed from.
  return Object.fromEntries([...asked, ...happened]) as RegistryEvents<T>;
}

/** The names of what can be asked for. */
export const requestNames = Object.keys(schemas) as readonly (keyof Requests)[];
