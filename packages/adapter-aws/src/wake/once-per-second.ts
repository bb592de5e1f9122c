/**
 * Asks for a wake-up beyond what a queue can delay, `earlyMs` ahead of time at most: who is woken early asks the queue for the rest.
 * `schedulerWake` gives one.
 */
export type LaterWake = (at: number, earlyMs?: number) => Promise<void>;

const mostKept = 10_000;
// Closer than that a message may be on its way already to somebody whose clock is behind, who asks again and must be heard.
const closeMs = 2_000;

/** Rounds instants up to full seconds, and asks for each only once while it lies ahead; one that could not be asked for is forgotten. */
export function oncePerSecond(ask: (at: number) => Promise<void>): (at: number) => Promise<void> {
  const asked = new Map<number, Promise<void>>();
  return (at) => {
    const now = Date.now();
    const second = Math.ceil(Math.max(at, now) / 1000) * 1000;
    const known = asked.get(second);
    if (known !== undefined && second - now > closeMs) return known;
    if (asked.size >= mostKept) forget(asked, now);
    const asking = ask(second);
    asked.set(second, asking);
    asking.catch(() => asked.delete(second));
    return asking;
  };
}

function forget(asked: Map<number, Promise<void>>, now: number): void {
  for (const second of asked.keys()) if (second <= now) asked.delete(second);
  // All of them lie ahead: then they are asked for again, which costs a message and nothing else.
  if (asked.size >= mostKept) asked.clear();
}
