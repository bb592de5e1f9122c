import { metrics, type Counter, type MeterProvider } from '@opentelemetry/api';
import type { Runtime } from '@hearth/core';

/**
 * The counts of a runtime as OpenTelemetry counters, each named `hearth.<name>`: `hearth.received`, `hearth.duplicate`, …
 *
 * It costs next to nothing until a metrics SDK is registered, and finds one that is registered later.
 */
export function openTelemetryCounts(
  options: { readonly name?: string } = {},
): NonNullable<Runtime['count']> {
  const { name: scope = 'hearth' } = options;
  const counters = new Map<string, Counter>();
  let known: MeterProvider | undefined;
  return (name, by, attributes) => {
    const provider = metrics.getMeterProvider();
    // Instruments made before an SDK was registered stay silent for ever.
    if (provider !== known) counters.clear();
    known = provider;
    let counter = counters.get(name);
    if (counter === undefined) {
      counter = provider.getMeter(scope).createCounter(`${scope}.${name}`);
      counters.set(name, counter);
    }
    counter.add(by, attributes);
  };
}
