/** Durations, counted in buckets: their quantiles within 2 %, in a few kilobytes however many there are. */
export interface Latency {
  readonly count: number;
  add(ms: number): void;
  /** The duration (ms) that a share `q` of all durations do not exceed; 0 when there are none. */
  quantile(q: number): number;
}

// Each bucket is 4 % wider than the one before it, from one microsecond on; the middle of a bucket is within 2 %.
const smallestMs = 0.001;
const growth = Math.log(1.04);
const buckets = 600;

/** Begins to count durations. */
export function latency(): Latency {
  const counts = new Uint32Array(buckets);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(ms) {
      const bucket = Math.floor(Math.log(Math.max(ms, smallestMs) / smallestMs) / growth);
      const at = Math.min(bucket, buckets - 1);
      counts[at] = (counts[at] ?? 0) + 1;
      count += 1;
    },
    quantile(q) {
      if (count === 0) return 0;
      let left = Math.max(1, Math.ceil(count * q));
      const at = counts.findIndex((inBucket) => (left -= inBucket) <= 0);
      return smallestMs * Math.exp((at + 0.5) * growth);
    },
  };
}

/** A duration with as many digits as it has meaning: `0.42 ms`, `8.3 ms`, `120 ms`. */
export function millisecondsText(ms: number): string {
  return `${ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
