/** Where a device is in its life; `unknown` before anybody has registered it. */
export type Status =
  | 'unknown'
  | 'registered'
  | 'claimed'
  | 'provisioned'
  | 'active'
  | 'suspended'
  | 'decommissioned';

/** What the registry keeps of a device. */
export interface Registered {
  readonly status: Status;
  /** The type of its device model. */
  readonly model: string;
  readonly firmware: string | null;
  /** The user to whom it belongs. */
  readonly owner: string | null;
  /** Where it lives. */
  readonly home: string | null;
  /** The hub that speaks for it. */
  readonly hub: string | null;
  /** The groups into which it was put, by name. */
  readonly groups: readonly string[];
  /** The tags that the registry declares, by name. */
  readonly tags: Readonly<Record<string, string>>;
  /** The hash of the code with which it is claimed; `null` if no user can. */
  readonly proof: string | null;
  /** How many wrong codes there were in a row, and until when (ms) no other is listened to. */
  readonly tries: number;
  readonly lockedUntil: number;
  /** To what a suspended one returns, who suspended it, and why. */
  readonly suspended: Suspension | null;
}

/** Why a device is suspended, and what it was before. */
export interface Suspension {
  readonly before: Status;
  /** What its owner suspended, its owner may resume. */
  readonly by: 'owner' | 'service';
  readonly reason: string | null;
}

/** A device of which nobody has heard. */
export const unknown: Registered = {
  status: 'unknown',
  model: '',
  firmware: null,
  owner: null,
  home: null,
  hub: null,
  groups: [],
  tags: {},
  proof: null,
  tries: 0,
  lockedUntil: 0,
  suspended: null,
};

/** The tag of the members of a static group. */
export const groupTag = (group: string): string => `group:${group}`;

/** The tags that every registry has. */
export const ownTags = ['status', 'model', 'firmware', 'home', 'owner', 'hub'] as const;

/** The value of a tag that only says that something is so. */
export const yes = 'yes';

/** The indexed fields of a device. */
export function tagsOf(device: Registered): Readonly<Record<string, string>> {
  const tags: Record<string, string> = { ...device.tags };
  if (device.status === 'unknown') return tags;
  for (const name of ownTags) {
    const value = device[name];
    if (value !== null && value !== '') tags[name] = value;
  }
  for (const group of device.groups) tags[groupTag(group)] = yes;
  return tags;
}
