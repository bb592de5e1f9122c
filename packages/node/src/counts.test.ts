import { metrics } from '@opentelemetry/api';
import {
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  AggregationTemporality,
} from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { openTelemetryCounts } from './counts.ts';

afterEach(() => {
  metrics.disable();
});

describe('openTelemetryCounts', () => {
  it('counts with an SDK that is registered later, and costs nothing before', async () => {
    const count = openTelemetryCounts();
    count('received', 5);
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter })],
    });
    metrics.setGlobalMeterProvider(provider);
    count('received', 2);
    count('drop', 1, { code: 'stale' });
    await provider.forceFlush();
    const [scope] = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    expect(scope?.metrics).toMatchObject([
      { descriptor: { name: 'hearth.received' }, dataPoints: [{ value: 2 }] },
      {
        descriptor: { name: 'hearth.drop' },
        dataPoints: [{ value: 1, attributes: { code: 'stale' } }],
      },
    ]);
    await provider.shutdown();
  });
});
