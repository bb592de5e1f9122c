import { vi } from 'vitest';

/** Waits until something is the case: as long as a busy machine may need, unless told otherwise. Times are in ms. */
export function until(
  check: () => boolean | Promise<boolean>,
  options: { readonly timeout?: number; readonly interval?: number } = {},
): Promise<boolean> {
  return vi.waitUntil(check, { timeout: 10_000, interval: 20, ...options });
}
