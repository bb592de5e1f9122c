import type { Publisher, RecordWrite, StateStore } from '@hearth/core';
import { byteLength, memoryPublisher, memoryStore } from '@hearth/core/ports';

/** What a store and a publisher were asked to do. */
export interface Counts {
  /** The sizes (bytes) of the records that were read; 0 for one that was not there. */
  readonly reads: number[];
  /** The sizes (bytes) of the records that were written. */
  readonly writes: number[];
  /** Entries of the due index that were made, and that were taken away. */
  due: number;
  /** The same of the tag index. */
  tags: number;
  published: number;
  /** Pages of the due index. */
  pages: number;
}

/** A store and a publisher in memory that count. */
export function counting(): {
  readonly counts: Counts;
  readonly store: StateStore;
  readonly publisher: Publisher;
} {
  const counts: Counts = { reads: [], writes: [], due: 0, tags: 0, published: 0, pages: 0 };
  const inner = memoryStore();
  const publisher = memoryPublisher();
  const indexed = new Map<string, RecordWrite>();
  const entries = (write: RecordWrite) => {
    const before = indexed.get(write.key);
    indexed.set(write.key, write);
    if (before?.due !== write.due) {
      counts.due += Number(typeof before?.due === 'number') + Number(write.due !== null);
    }
    const [old, now] = [before?.tags ?? {}, write.tags];
    const changed = (a: RecordWrite['tags'], b: RecordWrite['tags']) =>
      Object.keys(a).filter((tag) => a[tag] !== b[tag]).length;
    counts.tags += changed(old, now) + changed(now, old);
  };
  const store: StateStore = {
    ...inner,
    async load(keys) {
      const records = await inner.load(keys);
      counts.reads.push(...records.map((record) => byteLength(record?.body ?? '')));
      return records;
    },
    async save(writes) {
      for (const write of writes) {
        counts.writes.push(byteLength(write.body));
        entries(write);
      }
      return inner.save(writes);
    },
    async due(request) {
      counts.pages += 1;
      return inner.due(request);
    },
  };
  return {
    counts,
    store,
    publisher: {
      ordered: true,
      publish(events) {
        counts.published += events.length;
        return publisher.publish(events);
      },
    },
  };
}
