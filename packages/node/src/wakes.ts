/** Instants at which somebody wants to be woken: one timer for all of them. */
export interface Wakes {
  /** Asks for a wake-up at `at` (ms since the epoch). */
  add(at: number): void;
  /** Forgets everything that was asked for. */
  clear(): void;
}

// The longest delay that a timer of Node.js takes; a later instant is waited for in steps.
const longestMs = 2 ** 31 - 1;

/**
 * Calls `wake` once an instant that was asked for has come, never before it. Instants that come due together are one call.
 *
 * Once `most` instants are waited for (100,000 unless given), only one that is earlier than all of them is taken. The timer does not
 * keep the process alive.
 */
export function wakes(wake: () => void, now: () => number, most = 100_000): Wakes {
  const heap: number[] = [];
  const kept = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let armedFor = Infinity;

  const arm = () => {
    const first = heap[0] ?? Infinity;
    if (first === armedFor) return;
    clearTimeout(timer);
    armedFor = first;
    if (first === Infinity) return;
    timer = setTimeout(ring, Math.min(longestMs, Math.max(0, first - now()))).unref();
  };
  const ring = () => {
    armedFor = Infinity;
    const at = now();
    let isDue = false;
    // A timer may ring a millisecond early; then it is set again.
    while (heap.length > 0 && (heap[0] as number) <= at) {
      kept.delete(pop(heap));
      isDue = true;
    }
    arm();
    if (isDue) wake();
  };
  return {
    add(at) {
      if (kept.has(at) || (heap.length >= most && at >= (heap[0] as number))) return;
      kept.add(at);
      push(heap, at);
      arm();
    },
    clear() {
      heap.length = 0;
      kept.clear();
      arm();
    },
  };
}

/** Adds a value to a binary min-heap. */
function push(heap: number[], value: number): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if ((heap[parent] as number) <= value) break;
    heap[at] = heap[parent] as number;
    at = parent;
  }
  heap[at] = value;
}

/** Takes the smallest value out of a binary min-heap that is not empty. */
function pop(heap: number[]): number {
  const smallest = heap[0] as number;
  const last = heap.pop() as number;
  if (heap.length === 0) return smallest;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if ((heap[child + 1] ?? Infinity) < (heap[child] as number)) child += 1;
    if ((heap[child] as number) >= last) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = last;
  return smallest;
}
