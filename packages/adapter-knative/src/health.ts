import type { Clock, StateStore } from '@hearth/core';

/** Where Knative and Kubernetes ask whether the process is alive. */
export const livenessPath = '/health/liveness';
/** Where they ask whether it is to get requests. */
export const readinessPath = '/health/readiness';

const waitMs = 1000;
const keptMs = 1000;
// No record has this key; a store that answers at all answers for it.
const probe = 'hearth.health/readiness';

/** Gives the function that tells whether the store answers within a second. Anybody may ask, so an answer is kept for a second. */
export function storeCheck(store: StateStore, clock: Clock): () => Promise<boolean> {
  let last: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
  const ask = async () => {
    try {
      await clock.within(waitMs, () => store.load([probe]));
      return true;
    } catch {
      return false;
    }
  };
  return () => {
    const at = clock.now();
    if (last === undefined || Math.abs(at - last.at) >= keptMs) last = { at, answer: ask() };
    return last.answer;
  };
}
