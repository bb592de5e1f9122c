import { deepEqual } from 'node:assert/strict';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';

/** An event as it arrived. `body` is absent where the publisher does not send the structured mode. */
export interface Received {
  readonly id: string;
  readonly body?: string;
}

/**
 * A publisher with its other end. Each case gets a fresh one.
 *
 * A case that `needs` what a harness does not have is to be skipped with that reason.
 */
export interface PublisherHarness {
  readonly publisher: Publisher;
  /** Everything that has arrived, first things first, when nothing is on its way any more. */
  received(): Promise<readonly Received[]>;
  /** Lets the other end refuse the events with these ids, for now; with an empty list, it takes all again. */
  failFor?(ids: readonly string[]): void | Promise<void>;
  /** Makes the other end unreachable. */
  cutOff?(): void | Promise<void>;
  /** The size of the largest body, in bytes. */
  readonly maxEventBytes?: number;
  /** Says that what is received has bodies. */
  readonly structured?: true;
}

/** What a case may need: something optional of the harness, or a publisher that promises order. */
export type PublisherNeed = 'failFor' | 'cutOff' | 'maxEventBytes' | 'structured' | 'ordered';

/** One claim about every publisher. `run` rejects if the publisher does not keep it. */
export interface PublisherCase {
  readonly name: string;
  readonly needs?: readonly PublisherNeed[];
  run(harness: PublisherHarness): Promise<void>;
}

/** The first need that a harness does not meet. */
export function unmetNeed(
  { needs = [] }: PublisherCase,
  harness: PublisherHarness,
): PublisherNeed | undefined {
  return needs.find((need) =>
    need === 'ordered' ? harness.publisher.ordered !== true : harness[need] === undefined,
  );
}

/**
 * A command for a device. The body has spaces, escapes and a number that another serializer would write in another way; its `data`
 * is padded to make it as large as asked for.
 */
export function command(id: string, home = `home-of-${id}`, bytes = 0): Outgoing {
  const event = {
    specversion: '1.0',
    id,
    source: 'urn:acme:home',
    type: 'com.acme.thermostat.set',
    subject: `device-${home}`,
    time: '2024-01-01T00:00:00.120Z',
    partitionkey: home,
    datacontenttype: 'application/json',
    data: { celsius: 18.5, note: 'é "warm"' },
  } as const;
  const { data, ...attributes } = event;
  const head = JSON.stringify(attributes).slice(0, -1);
  const text = `${head}, "data":{"note":"\\u00e9 \\"warm\\"","celsius":${data.celsius}0`;
  const body = `${text}${' '.repeat(Math.max(0, bytes - text.length - 2))}}}`;
  return { event, body };
}

/** `count` commands for as many homes. */
export function commands(count: number, prefix = 'e'): readonly Outgoing[] {
  return Array.from({ length: count }, (_, index) => command(`${prefix}${index}`));
}

/** Publishes and insists that all is published. */
export async function publishAll(publisher: Publisher, events: readonly Outgoing[]): Promise<void> {
  deepEqual(
    outcomes(await publisher.publish(events)),
    events.map(() => 'published'),
  );
}

/** The outcomes of a call, in order. */
export function outcomes(results: readonly PublishResult[]): readonly string[] {
  return results.map(({ outcome }) => outcome);
}

/** The ids of some events. */
export function idsOf(events: readonly Outgoing[]): readonly string[] {
  return events.map(({ event }) => event.id);
}

/** The ids that have arrived, in the order of arrival. */
export async function receivedIds({ received }: PublisherHarness): Promise<readonly string[]> {
  return (await received()).map(({ id }) => id);
}
