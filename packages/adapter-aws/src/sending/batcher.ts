/** What is sent together. */
export interface Batching<T, R> {
  /** The most items of one batch, and the most bytes of all of them. */
  readonly most: number;
  readonly mostBytes: number;
  bytesOf(item: T): number;
  /** Sends a batch; one result per item, in order. What it rejects with, each item of the batch rejects with. */
  send(batch: readonly T[]): Promise<readonly R[]>;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Gives a function that sends one item, together with whatever else is sent in the same turn of the event loop. */
export function batcher<T, R>(batching: Batching<T, R>): (item: T) => Promise<R> {
  let waiting: Waiting<T, R>[] = [];
  const flush = () => {
    const all = waiting;
    waiting = [];
    for (const batch of batchesOf(all, batching)) void sendBatch(batch, batching);
  };
  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ item, resolve, reject });
    });
}

function batchesOf<T, R>(
  all: readonly Waiting<T, R>[],
  { most, mostBytes, bytesOf }: Batching<T, R>,
): readonly (readonly Waiting<T, R>[])[] {
  const batches: Waiting<T, R>[][] = [];
  let bytes = Infinity;
  for (const one of all) {
    const size = bytesOf(one.item);
    const last = batches.at(-1);
    if (last === undefined || last.length === most || bytes + size > mostBytes) {
      batches.push([one]);
      bytes = size;
    } else {
      last.push(one);
      bytes += size;
    }
  }
  return batches;
}

async function sendBatch<T, R>(
  batch: readonly Waiting<T, R>[],
  { send }: Batching<T, R>,
): Promise<void> {
  try {
    const results = await send(batch.map(({ item }) => item));
    batch.forEach(({ resolve, reject }, index) => {
      if (index in results) resolve(results[index] as R);
      else reject(new Error('There is no result for this entry.'));
    });
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
