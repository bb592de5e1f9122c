import { handle, type Clock, type StateStore } from '@hearth/core';
import { decodeStructured } from '@hearth/core/event';
import { memoryPublisher } from '@hearth/core/ports';
import { alarm, bareStep, emittingApp, service, structuredText, type State } from './app.ts';
import type { Work } from './rounds.ts';

/** How many inputs one call of `handle` gets. */
export const batchSize = 64;

/** How many records the events are about, in turn. */
export const records = 1_000;

const clock: Clock = {
  now: Date.now,
  sleep: () => Promise.resolve(),
  within: (_, work) => work({ aborted: false } as AbortSignal),
};

/** Decodes structured events and handles them in batches; each emits one event, which is published. */
export function handling(store: StateStore): Work {
  const publisher = memoryPublisher({ verify: false });
  const runtime = { store, publisher, clock, sweep: true };
  let n = 0;
  return async (count) => {
    for (let done = 0; done < count; done += batchSize) {
      const inputs = Array.from({ length: batchSize }, () => ({
        event: decodeStructured(structuredText(n++, records)),
        principal: service,
      }));
      const handled = await handle(emittingApp, inputs, runtime);
      const published = publisher.published.length;
      if (handled.some(({ verdict }) => verdict !== 'done') || published !== batchSize) {
        throw new Error(`A batch went wrong: ${JSON.stringify(handled[0])}`);
      }
      publisher.clear();
    }
  };
}

/** Keeps texts by key: what a bare loop needs of a store. */
export interface Bodies {
  get(key: string): string | undefined;
  set(key: string, body: string): void;
  /** Runs a batch, as one transaction where there is such a thing. */
  batch(work: () => void): void;
}

interface Reading {
  readonly id: string;
  readonly subject: string;
  readonly data: unknown;
}

/** The same work without Hearth, and without its promises: no checks of the event, no inbox, no outbox, no ids that can be derived again. */
export function bareLoop(bodies: Bodies): Work {
  let published: string[] = [];
  let n = 0;
  const one = (): void => {
    const { id, subject, data } = JSON.parse(structuredText(n++, records)) as Reading;
    const body = bodies.get(subject);
    const last = body === undefined ? { celsius: 0, count: 0 } : (JSON.parse(body) as State);
    const state = bareStep(last, data);
    bodies.set(subject, JSON.stringify(state));
    const event = {
      specversion: '1.0',
      id: `${id}-alarm`,
      source: 'urn:acme:home',
      type: alarm.type,
      subject,
    };
    published.push(JSON.stringify({ ...event, data: { celsius: state.celsius } }));
  };
  return (count) => {
    for (let done = 0; done < count; done += batchSize) {
      bodies.batch(() => {
        for (let i = 0; i < batchSize; i += 1) one();
      });
      published = [];
    }
  };
}
