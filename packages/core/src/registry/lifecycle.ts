import type { Rejection } from '../model/handler.ts';
import type { Principal } from '../ports/principal.ts';
import { same } from '../twin/document.ts';
import { proofOf } from './proof.ts';
import { groupTag, ownTags, unknown, type Registered, type Status } from './registered.ts';
import type { FactName, Requests } from './registry-events.ts';

/** Who asks for what, of which device. */
export interface Asking<K extends keyof Requests = keyof Requests> {
  readonly device: string;
  readonly state: Registered;
  readonly data: Requests[K];
  readonly now: number;
  readonly principal: Principal;
  /** The tags that the registry declares. */
  readonly declared: ReadonlySet<string>;
}

/** Why something of a device may have to be forgotten: it has another home, another owner, or none. */
export type Because = 'home' | 'owner' | 'end';

/** What comes of it: the next state and what has happened, an answer that says no, or nothing. */
export type Turn =
  | { readonly next: Registered; readonly fact?: FactName; readonly because?: Because }
  | { readonly reject: Rejection }
  | undefined;

const inUse: readonly Status[] = ['claimed', 'provisioned', 'active'];

/** From which statuses a device gets where, and the statuses of one to which that has happened already. */
const ways: {
  readonly [K in keyof Requests]: {
    readonly from: readonly Status[];
    readonly done?: readonly Status[];
  };
} = {
  register: { from: ['unknown'] },
  claim: { from: ['registered'] },
  provision: { from: ['claimed'], done: ['provisioned', 'active'] },
  activate: { from: ['provisioned'], done: ['active'] },
  suspend: { from: [...inUse, 'suspended'] },
  resume: { from: ['suspended'], done: inUse },
  transfer: { from: inUse },
  release: { from: inUse, done: ['registered'] },
  attach: { from: ['registered', ...inUse] },
  describe: { from: ['registered', ...inUse, 'suspended'] },
  decommission: { from: ['registered', ...inUse, 'suspended'], done: ['decommissioned'] },
};

const no = (code: string, data?: unknown): Turn => ({
  reject: data === undefined ? { code } : { code, data },
});

/** What comes of a request: only what the lifecycle and the asker's rights allow. */
export function turn<K extends keyof Requests>(kind: K, asking: Asking<K>): Turn {
  const { state, principal } = asking;
  if (kind === 'register') return register(asking as Asking<'register'>);
  if (kind === 'claim') return claim(asking as Asking<'claim'>);
  if (state.status === 'unknown') return no('not-registered');
  // Others than the owner may speak for a device in other things, as those do who live with it.
  if (principal.kind === 'user' && principal.id !== state.owner) return no('not-owner');
  const { from, done = [] } = ways[kind];
  if (done.includes(state.status)) return undefined;
  if (!from.includes(state.status)) return wrongStatus(state, from);
  return (steps as Readonly<Record<string, (given: Asking<K>) => Turn>>)[kind]?.(asking);
}

const wrongStatus = ({ status }: Registered, allowed: readonly Status[]): Turn =>
  no('wrong-status', { status, allowed });

const steps: { readonly [K in Exclude<keyof Requests, 'register' | 'claim'>]: Step<K> } = {
  provision: ({ state }) => ({ next: { ...state, status: 'provisioned' }, fact: 'provisioned' }),
  activate: ({ state }) => ({ next: { ...state, status: 'active' }, fact: 'activated' }),
  suspend,
  resume,
  transfer,
  release,
  attach,
  describe,
  decommission: ({ state }) => ({
    next: { ...withoutOwner(state), status: 'decommissioned', proof: null, suspended: null },
    fact: 'decommissioned',
    because: 'end',
  }),
};

type Step<K extends keyof Requests> = (asking: Asking<K>) => Turn;

function register({ state, data, declared }: Asking<'register'>): Turn {
  const { groups = [], tags = {}, status, ...known } = data;
  const next: Registered = {
    ...unknown,
    ...known,
    groups: [...new Set(groups)].toSorted(),
    tags,
    status: status ?? (known.owner === undefined ? 'registered' : 'claimed'),
  };
  const undeclared = Object.keys(tags).find((tag) => !declared.has(tag));
  if (undeclared !== undefined) return noSuchTag(undeclared, declared);
  if (state.status === 'unknown') return { next, fact: 'registered' };
  // A file is registered twice, by whoever is not sure that it was registered.
  return same(state, next) ? undefined : no('already-registered', { status: state.status });
}

const noSuchTag = (tag: string, declared: ReadonlySet<string>): Turn =>
  no('invalid-data', {
    field: `data.tags.${tag}`,
    message: `The registry declares no such tag; it has ${[...declared].join(', ') || 'none'}.`,
  });

/** How many wrong codes there may be in a row, and for how long (ms) nobody is listened to after that. */
export const tries = { most: 5, lockedMs: 3_600_000 };

function claim(asking: Asking<'claim'>): Turn {
  const { state, data, principal } = asking;
  const isUser = principal.kind === 'user';
  const owner = isUser ? principal.id : data.owner;
  if (owner === undefined)
    return no('invalid-data', { field: 'data.owner', message: 'Say to whom it belongs.' });
  if (isUser && data.owner !== undefined && data.owner !== owner)
    return no('invalid-data', { field: 'data.owner', message: 'A user claims for themselves.' });
  const { from } = ways.claim;
  if (inUse.includes(state.status) && state.owner === owner) return undefined;
  if (isUser) return claimByUser(asking, owner);
  if (state.status === 'unknown') return no('not-registered');
  if (!from.includes(state.status)) return wrongStatus(state, from);
  return claimed(asking, owner);
}

/** Who tries ids and codes learns as little as possible: not which devices there are, nor whose they are. */
function claimByUser(asking: Asking<'claim'>, owner: string): Turn {
  const { device, state, data, now } = asking;
  if (!ways.claim.from.includes(state.status) || state.proof === null)
    return no('cannot-be-claimed');
  if (now < state.lockedUntil)
    return no('too-many-tries', { until: new Date(state.lockedUntil).toISOString() });
  if (data.code !== undefined && proofOf(device, data.code) === state.proof)
    return claimed(asking, owner);
  // It must be counted, so it is no rejection: that would leave the record as it was.
  const count = state.tries + 1;
  const isLocked = count >= tries.most;
  return {
    next: {
      ...state,
      tries: isLocked ? 0 : count,
      lockedUntil: isLocked ? now + tries.lockedMs : state.lockedUntil,
    },
    fact: 'refused',
  };
}

const claimed = ({ state, data }: Asking<'claim'>, owner: string): Turn => ({
  next: {
    ...state,
    status: 'claimed',
    owner,
    home: data.home ?? state.home,
    tries: 0,
    lockedUntil: 0,
  },
  fact: 'claimed',
});

function suspend({ state, data, principal }: Asking<'suspend'>): Turn {
  const by = principal.kind === 'user' ? 'owner' : 'service';
  const { suspended, status } = state;
  // A service's word is the stronger one, and is the only one that changes another.
  if (suspended !== null && (suspended.by === 'service' || by === 'owner')) return undefined;
  const before = suspended?.before ?? status;
  const next: Registered = {
    ...state,
    status: 'suspended',
    suspended: { before, by, reason: data.reason ?? null },
  };
  return suspended === null ? { next, fact: 'suspended' } : { next };
}

function resume({ state, principal }: Asking<'resume'>): Turn {
  const { suspended } = state;
  if (principal.kind === 'user' && suspended?.by === 'service')
    return no('not-owner', { message: 'What a service suspended, only a service resumes.' });
  const status = suspended?.before ?? 'active';
  return { next: { ...state, status, suspended: null }, fact: 'resumed' };
}

function transfer({ state, data, principal }: Asking<'transfer'>): Turn {
  const { owner = state.owner, home } = data;
  if (data.owner === undefined && home === undefined)
    return no('invalid-data', { field: 'data', message: 'Say to which home or owner.' });
  const isNewOwner = owner !== state.owner;
  if (isNewOwner && principal.kind === 'user') {
    const message = 'A user releases a device; who gets it claims it.';
    return no('not-permitted', { field: 'data.owner', message });
  }
  const next: Registered = {
    ...state,
    owner,
    home: home === undefined ? (isNewOwner ? null : state.home) : home,
    // The hub of the old owner must not speak for it any more.
    hub: isNewOwner ? null : state.hub,
  };
  if (same(next, state)) return undefined;
  return { next, fact: 'transferred', because: isNewOwner ? 'owner' : 'home' };
}

function release({ state, data }: Asking<'release'>): Turn {
  const proof = data.proof ?? state.proof;
  return {
    next: { ...withoutOwner(state), status: 'registered', proof, tries: 0, lockedUntil: 0 },
    fact: 'released',
    because: 'end',
  };
}

const withoutOwner = (state: Registered): Registered => ({
  ...state,
  owner: null,
  home: null,
  hub: null,
});

function attach({ device, state, data }: Asking<'attach'>): Turn {
  if (data.hub === state.hub) return undefined;
  if (data.hub === device)
    return no('invalid-data', { field: 'data.hub', message: 'A device is not its own hub.' });
  return { next: { ...state, hub: data.hub }, fact: 'attached' };
}

function describe({ state, data, declared }: Asking<'describe'>): Turn {
  const { tags = {}, groups = {}, ...rest } = data;
  const undeclared = Object.keys(tags).find((tag) => !declared.has(tag));
  if (undeclared !== undefined) return noSuchTag(undeclared, declared);
  const members = new Set(state.groups);
  for (const [group, isIn] of Object.entries(groups))
    if (isIn === null) members.delete(group);
    else members.add(group);
  const kept = Object.entries({ ...state.tags, ...tags }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  const next: Registered = {
    ...state,
    ...rest,
    groups: [...members].toSorted(),
    tags: Object.fromEntries(kept),
    // A new code begins with a clean slate.
    ...(rest.proof === undefined ? {} : { tries: 0, lockedUntil: 0 }),
  };
  if (members.size > mostGroups)
    return no('limit-exceeded', {
      field: 'data.groups',
      message: `A device is in at most ${mostGroups} groups.`,
    });
  return same(next, state) ? undefined : { next, fact: 'described' };
}

const mostGroups = 64;

/** Names that a declared tag cannot have. */
export const isTaken = (tag: string): boolean =>
  (ownTags as readonly string[]).includes(tag) || tag.startsWith(groupTag(''));
