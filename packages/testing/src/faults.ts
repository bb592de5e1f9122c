import { HearthError } from '@hearth/core/event';
import type {
  Clock,
  Publisher,
  PublishResult,
  RecordWrite,
  SaveResult,
  StateStore,
} from '@hearth/core/ports';
import { eachInOrder, mannersOf } from './one-by-one.ts';

/** One operation of a port, as a plan sees it. `nth` counts from 1, for each operation by itself; a save counts its writes. */
export interface StoreCall {
  readonly operation: 'load' | 'save' | 'erase' | 'due' | 'query';
  readonly nth: number;
  /** The record that is written; absent where nothing is. */
  readonly key?: string;
}

/**
 * What goes wrong in a store. `conflict`: the write is refused as if another had been faster. `answer-lost`: it happens, and the
 * answer is `unknown`. `write-lost`: it does not happen, and the answer is the same. `full`: it does not happen and says so. `down`: the
 * whole call is refused. `slowMs`: the call takes that long. Reads know only the last two.
 */
export type StoreFault =
  | 'conflict'
  | 'answer-lost'
  | 'write-lost'
  | 'full'
  | 'down'
  | { readonly slowMs: number };

/** One event on its way out, as a plan sees it. `nth` counts events from 1. */
export interface PublishCall {
  readonly operation: 'publish';
  readonly nth: number;
  /** The id of the event. */
  readonly id: string;
}

/**
 * What goes wrong in a publisher. `failed`: the event is not sent, but may be later. `refused`: it never will be. `answer-lost`: it is
 * sent, and counts as failed. `down`: the whole call is rejected. `slowMs`: the event takes that long.
 */
export type PublishFault =
  | 'failed'
  | 'refused'
  | 'answer-lost'
  | 'down'
  | { readonly slowMs: number };

/** Decides what goes wrong with an operation, if anything. */
export type Plan<Call, Fault> = (call: Call) => Fault | undefined;

/** Where slowness comes from; without a clock nothing is slow. */
export interface FaultOptions {
  readonly clock?: Clock;
}

/** A store to which happens what the plan says. Everything else is the store's own. */
export function faultyStore(
  store: StateStore,
  plan: Plan<StoreCall, StoreFault>,
  options: FaultOptions = {},
): StateStore {
  const counts = { load: 0, save: 0, erase: 0, due: 0, query: 0 };
  const ask = (operation: StoreCall['operation'], key?: string) => {
    counts[operation] += 1;
    const call = { operation, nth: counts[operation] };
    return plan(key === undefined ? call : { ...call, key });
  };
  const read = async <T>(operation: 'load' | 'due' | 'query', work: () => Promise<T>) => {
    await suffer([ask(operation)], options);
    return work();
  };
  const write = async (operation: 'save' | 'erase', writes: readonly RecordWrite[]) => {
    const faults = writes.map(({ key }) => ask(operation, key));
    await suffer(faults, options);
    const passing = writes.filter((_, index) => passes(faults[index]));
    const results = passing.length === 0 ? [] : [...(await store[operation](passing))];
    return faults.map((fault) => distort(fault, passes(fault) ? results.shift() : undefined));
  };
  return {
    capabilities: store.capabilities,
    load: (keys) => read('load', () => store.load(keys)),
    due: (request) => read('due', () => store.due(request)),
    query: (request) => read('query', () => store.query(request)),
    save: (writes) => write('save', writes),
    erase: (writes) => write('erase', writes),
  };
}

async function suffer(
  faults: readonly (StoreFault | undefined)[],
  { clock }: FaultOptions,
): Promise<void> {
  const slowMs = Math.max(0, ...faults.map((each) => (typeof each === 'object' ? each.slowMs : 0)));
  if (slowMs > 0) await clock?.sleep(slowMs);
  if (faults.includes('down')) throw unavailable('The store is down.');
}

function passes(fault: StoreFault | undefined): boolean {
  return fault === undefined || fault === 'answer-lost' || typeof fault === 'object';
}

function distort(fault: StoreFault | undefined, result: SaveResult | undefined): SaveResult {
  if (fault === 'conflict') return { outcome: 'conflict' };
  if (fault === 'full') return { outcome: 'failed', error: unavailable('The store is full.') };
  if (fault === 'answer-lost' || fault === 'write-lost') {
    return { outcome: 'unknown', error: unavailable('The answer of the store was lost.') };
  }
  return result ?? { outcome: 'failed', error: unavailable('The store gave no answer.') };
}

function unavailable(message: string): HearthError {
  return new HearthError('store-unavailable', message, { retryable: true });
}

/** A publisher to which happens what the plan says. If the publisher keeps order, so does this one. */
export function faultyPublisher(
  publisher: Publisher,
  plan: Plan<PublishCall, PublishFault>,
  { clock }: FaultOptions = {},
): Publisher {
  let count = 0;
  return {
    ...mannersOf(publisher),
    async publish(events) {
      const faults = events.map(({ event }) => {
        count += 1;
        return plan({ operation: 'publish', nth: count, id: event.id });
      });
      if (faults.includes('down')) throw undeliverable('The publisher is down.', true);
      return eachInOrder(publisher, events, async (send, index) => {
        const fault = faults[index];
        if (typeof fault === 'object') await clock?.sleep(fault.slowMs);
        if (fault === 'failed') return failure('The event was not sent.', true);
        if (fault === 'refused') return failure('The event was refused.', false);
        const result = await send();
        return fault === 'answer-lost' ? failure('The answer was lost.', true) : result;
      });
    },
  };
}

function failure(message: string, retryable: boolean): PublishResult {
  return { outcome: 'failed', error: undeliverable(message, retryable) };
}

function undeliverable(message: string, retryable: boolean): HearthError {
  return new HearthError('publisher-unavailable', message, { retryable });
}
