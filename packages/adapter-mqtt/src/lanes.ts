/** Items by key, handed out in batches: those of one key in order, and never in two batches at once. */
export interface Lanes<T> {
  /** How many items wait, those of keys that are held back among them. */
  readonly size: number;
  /** When the first key that is held back may go on (ms), if there is one. */
  readonly nextAt: number | undefined;
  /** Puts an item at the end of its key. */
  add(key: string, item: T): void;
  /** Takes the next items, from as many keys as needed, and of each key as many as it has `room`. Their keys are busy until `done`. */
  take(most: number, now: number, room?: (key: string) => number): readonly Taken<T>[];
  /** Frees the keys of a batch. `again` are those of its items that must come again: they go first, after a while. */
  done(taken: readonly Taken<T>[], again: ReadonlySet<T>, now: number): void;
  /** Removes all items that wait and match; gives them. */
  remove(matches: (item: T) => boolean): readonly T[];
}

/** The items of one key in a batch. */
export interface Taken<T> {
  readonly key: string;
  readonly items: readonly T[];
}

interface Lane<T> {
  readonly key: string;
  items: T[];
  isBusy: boolean;
  tries: number;
  /** The instant before which it is not handed out (ms). */
  until: number;
}

/** How long a key is held back after an item of it failed: from `minMs`, doubling, to `maxMs`, with jitter. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
  readonly random: () => number;
}

const unlimited = () => Infinity;

/** Empty lanes. */
export function lanes<T>({ minMs, maxMs, random }: Backoff): Lanes<T> {
  const byKey = new Map<string, Lane<T>>();
  const parked = new Set<Lane<T>>();
  let ready: Lane<T>[] = [];
  let size = 0;

  const unpark = (now: number) => {
    for (const lane of parked) {
      if (lane.until > now) continue;
      parked.delete(lane);
      ready.push(lane);
    }
  };
  const free = (lane: Lane<T>, isAgain: boolean, now: number) => {
    lane.isBusy = false;
    lane.tries = isAgain ? lane.tries + 1 : 0;
    if (lane.items.length === 0) byKey.delete(lane.key);
    else if (!isAgain) ready.push(lane);
    else {
      const wait = Math.min(maxMs, minMs * 2 ** Math.min(30, lane.tries - 1));
      lane.until = now + wait * (0.75 + random() / 2);
      parked.add(lane);
    }
  };
  return {
    get size() {
      return size;
    },
    get nextAt() {
      let first: number | undefined;
      for (const { until } of parked) if (first === undefined || until < first) first = until;
      return first;
    },
    add(key, item) {
      size += 1;
      const known = byKey.get(key);
      if (known !== undefined) {
        known.items.push(item);
        return;
      }
      const lane = { key, items: [item], isBusy: false, tries: 0, until: 0 };
      byKey.set(key, lane);
      ready.push(lane);
    },
    take(most, now, room = unlimited) {
      if (parked.size > 0) unpark(now);
      const taken: Taken<T>[] = [];
      const passed: Lane<T>[] = [];
      let left = most;
      let at = 0;
      for (; at < ready.length && left > 0; at += 1) {
        const lane = ready[at] as Lane<T>;
        const share = Math.min(left, room(lane.key));
        if (share <= 0) {
          passed.push(lane);
          continue;
        }
        const items = lane.items.length <= share ? lane.items : lane.items.slice(0, share);
        lane.items = items === lane.items ? [] : lane.items.slice(share);
        lane.isBusy = true;
        left -= items.length;
        taken.push({ key: lane.key, items });
      }
      ready = [...passed, ...ready.slice(at)];
      size -= most - left;
      return taken;
    },
    done(taken, again, now) {
      for (const { key, items } of taken) {
        const lane = byKey.get(key) as Lane<T>;
        const left = again.size === 0 ? [] : items.filter((item) => again.has(item));
        size += left.length;
        if (left.length > 0) lane.items = [...left, ...lane.items];
        free(lane, left.length > 0, now);
      }
    },
    remove(matches) {
      const removed: T[] = [];
      for (const lane of byKey.values()) {
        removed.push(...lane.items.filter(matches));
        lane.items = lane.items.filter((item) => !matches(item));
        if (lane.items.length > 0 || lane.isBusy) continue;
        byKey.delete(lane.key);
        parked.delete(lane);
      }
      ready = ready.filter(({ items }) => items.length > 0);
      size -= removed.length;
      return removed;
    },
  };
}
