import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { openTelemetry } from './tracing.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;
const other = '00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01';
const start = { kind: 'internal', attributes: {} } as const;

function recorded() {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  const provider = new TracerProvider({ spanProcessors });
  return { exporter, provider, tracing: openTelemetry({ tracer: provider.getTracer('test') }) };
}

afterEach(() => {
  trace.disable();
  context.disable();
});

describe('openTelemetry', () => {
  it('gives one silent span for everything while no SDK is registered', () => {
    const tracing = openTelemetry();
    const span = tracing.start('a', { ...start, parent });
    expect(span.traceparent()).toBeUndefined();
    expect(tracing.start('b', start)).toBe(span);
    expect(() => {
      span.set({ a: 1 });
      span.fail('conflict');
      span.end();
    }).not.toThrow();
  });

  it('records with an SDK that is registered later', () => {
    const tracing = openTelemetry();
    tracing.start('before', start).end();
    expect(tracing.isOn?.()).toBe(false);
    const { exporter, provider } = recorded();
    trace.setGlobalTracerProvider(provider);
    expect(tracing.isOn?.()).toBe(true);
    tracing.start('after', start).end();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['after']);
  });

  it('continues the parent it is given, and says how to continue itself', () => {
    const { exporter, tracing } = recorded();
    const span = tracing.start('process', { ...start, parent });
    span.end();
    const [done] = exporter.getFinishedSpans();
    expect(done?.parentSpanContext).toMatchObject({ traceId, spanId: 'b7ad6b7169203331' });
    expect(span.traceparent()).toBe(`00-${traceId}-${done?.spanContext().spanId}-01`);
  });

  it('keeps the decision of a parent not to be sampled', () => {
    const { exporter, tracing } = recorded();
    const span = tracing.start('process', { ...start, parent: parent.replace(/1$/, '0') });
    span.end();
    expect(exporter.getFinishedSpans()).toEqual([]);
    expect(span.traceparent()).toMatch(new RegExp(`^00-${traceId}-.*-00$`));
  });

  it('records kind, attributes, links and failure', () => {
    const { exporter, tracing } = recorded();
    const attributes = { 'cloudevents.event_id': '1', tries: 2, late: true };
    const span = tracing.start('publish', { kind: 'producer', attributes, links: [other, 'x'] });
    span.set({ more: 'yes' });
    span.fail('publisher-unavailable');
    span.end();
    expect(exporter.getFinishedSpans()).toMatchObject([
      {
        kind: SpanKind.PRODUCER,
        attributes: { ...attributes, more: 'yes', 'error.type': 'publisher-unavailable' },
        links: [{ context: { spanId: 'c7ad6b7169203331' } }],
        status: { code: SpanStatusCode.ERROR, message: 'publisher-unavailable' },
      },
    ]);
  });

  it.each([
    ['no trace id', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['upper case', parent.toUpperCase()],
    ['the forbidden version', parent.replace('00', 'ff')],
    ['more than version 00 has', `${parent}-more`],
    ['something else', 'hello'],
  ])('begins a trace of its own after a traceparent with %s', (_, text) => {
    const { exporter, tracing } = recorded();
    tracing.start('process', { ...start, parent: text }).end();
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext).toBeUndefined();
  });

  it('reads what it knows of a version to come', () => {
    const { exporter, tracing } = recorded();
    const later = `${parent.replace('00', '01')}-more`;
    tracing.start('process', { ...start, parent: later }).end();
    expect(exporter.getFinishedSpans()[0]?.parentSpanContext?.traceId).toBe(traceId);
  });
});
