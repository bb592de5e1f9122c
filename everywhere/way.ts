import type { Runtime } from '@hearth/core';
import type { TriggerMessage } from '@hearth/testing/conformance';

/** What a way through a trigger cannot carry, and why. Such messages come directly. */
export interface Limit {
  readonly why: string;
  readonly applies: (message: TriggerMessage) => boolean;
}

/**
 * What a message was answered. A host that asks at once, by HTTP, is told that it cannot be read: then the sender keeps it, no dead letter
 * has it, and `refused` is the code that the status stands for.
 */
export type Answer = 'acknowledged' | 'redelivered' | { readonly refused: string };

/** A trigger that runs, with its host. */
export interface Running {
  /** Hands in messages: those of one delivery, where the host knows deliveries of several. Each gets its answer. */
  deliver(messages: readonly TriggerMessage[]): Promise<readonly Answer[]>;
  /** Runs the schedule of this host; without one the sweep is called directly. */
  sweep?(): Promise<void>;
  close?(): Promise<void>;
}

/** A way in: one trigger of one adapter, and how its host uses it. */
export interface Way {
  readonly name: string;
  readonly limits?: readonly Limit[];
  /** It is another mode of a trigger that is tried on its cloud's store, and so tried in memory only. */
  readonly variant?: true;
  /** What this machine lacks for it. */
  readonly missing?: string;
  /** The host hands in several messages at once. */
  readonly batches?: true;
  open(runtime: Runtime): Promise<Running> | Running;
}

/** A way that is only another mode of a trigger. */
export const variant = (way: Way): Way => ({ ...way, variant: true });

/** What is sent without saying that it is an event: text of some other kind. */
export const isPlain = (message: TriggerMessage): boolean =>
  'raw' in message && !message.raw.includes('specversion');

/** What an answer to an HTTP request means. */
export function byStatus(status: number): Answer {
  if (status >= 200 && status < 300) return 'acknowledged';
  const refused = { 400: 'invalid-event', 415: 'unsupported-media-type' }[status];
  return refused === undefined ? 'redelivered' : { refused };
}

function isJson({ raw }: { readonly raw: string }): boolean {
  try {
    return typeof JSON.parse(raw) === 'object';
  } catch {
    return false;
  }
}

/** Limits that several channels have. */
export const channelLimits = {
  devicesOnly: {
    why: 'only devices have a connection here',
    applies: ({ principal }) => principal.kind !== 'device',
  },
  textAttributes: {
    why: 'an attribute is text in binary mode: numbers and booleans of unknown extensions would become texts',
    applies: (message) =>
      'event' in message &&
      Object.entries(message.event).some(
        ([name, value]) => name !== 'data' && typeof value !== 'string',
      ),
  },
  noExtensions: {
    why: 'there is no room for extensions',
    applies: (message) =>
      'event' in message && ['sequence', 'floor', 'spare'].some((name) => name in message.event),
  },
  jsonOnly: {
    why: 'it carries JSON objects; what is none comes as a JSON text, and its dead letter shows that',
    applies: (message) => 'raw' in message && !isJson(message),
  },
} as const satisfies Readonly<Record<string, Limit>>;
