import type { App } from '@hearth/core';
import { eachStep } from './each-step.ts';

/**
 * The same app, with steps whose inputs cannot be changed: one that tries throws.
 *
 * In production they can, for speed. What it changed would then be seen by whoever gets the same event, and be gone after a conflict.
 */
export function frozen(app: App): App {
  return eachStep(app, (_, { step }) => ({ state, event, reads, ...more }) => {
    // Whoever made the event may go on with it. The state must stay the same object, or it would seem to have changed.
    const input = { ...more, state: deeply(state), event: copied(event), reads: copied(reads) };
    return step(input);
  });
}

function copied<T>(value: T): T {
  return deeply(structuredClone(value));
}

function deeply<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const one of Object.values(value)) deeply<unknown>(one);
  return Object.freeze(value);
}
