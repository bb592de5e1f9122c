const mostKept = 10_000;
// Closer than that a call may be on its way already to somebody whose clock is behind, who asks again and must be heard.
const closeMs = 2_000;

/**
 * Makes a `wake` of a runtime out of what asks a host: rounds instants up to full seconds, and asks for each only once while it lies
 * ahead, however many records wait for it. One that could not be asked for is forgotten.
 */
export function oncePerSecond(
  ask: (at: number) => Promise<void>,
  now: () => number,
): (at: number) => Promise<void> {
  const asked = new Map<number, Promise<void>>();
  return (at) => {
    const present = now();
    const second = Math.ceil(Math.max(at, present) / 1000) * 1000;
    const known = asked.get(second);
    if (known !== undefined && second - present > closeMs) return known;
    if (asked.size >= mostKept) forget(asked, present);
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
