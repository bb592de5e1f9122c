import {
  context,
  isSpanContextValid,
  ProxyTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Link,
  type SpanContext,
  type Span as ApiSpan,
  type Tracer,
} from '@opentelemetry/api';
import type { Span, SpanStart, Tracing } from '@hearth/core';

/** What may be chosen of the OpenTelemetry spans. */
export interface OpenTelemetryOptions {
  /** The name of the instrumentation scope: `hearth` unless given. */
  readonly name?: string;
  /** Gives the tracer; that of the globally registered SDK unless given. */
  readonly tracer?: Tracer;
}

const silent: Span = {
  traceparent: () => undefined,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
};

const kinds = {
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
} as const;

/**
 * Spans by `@opentelemetry/api`. Until an SDK is registered every span is the same silent one and costs next to nothing.
 *
 * A span without a parent of its own continues the active context, such as that of an instrumented HTTP server.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Tracing {
  const { name = 'hearth' } = options;
  let { tracer } = options;
  const find = () => {
    const found = trace.getTracer(name);
    // A proxy is what the API gives while no SDK is registered.
    return found instanceof ProxyTracer ? undefined : found;
  };
  return {
    isOn: () => (tracer ??= find()) !== undefined,
    start(spanName, start) {
      tracer ??= find();
      return tracer === undefined ? silent : wrap(startSpan(tracer, spanName, start));
    },
  };
}

function startSpan(tracer: Tracer, name: string, start: SpanStart): ApiSpan {
  const { kind, attributes, parent, links = [] } = start;
  const linked = links.flatMap((link): readonly Link[] => {
    const to = spanContextOf(link);
    return to === undefined ? [] : [{ context: to }];
  });
  return tracer.startSpan(name, { kind: kinds[kind], attributes, links: linked }, within(parent));
}

function within(parent: string | undefined): Context {
  const known = parent === undefined ? undefined : spanContextOf(parent);
  return known === undefined ? context.active() : trace.setSpanContext(ROOT_CONTEXT, known);
}

function wrap(span: ApiSpan): Span {
  return {
    traceparent: () => traceparentOf(span.spanContext()),
    set: (attributes) => void span.setAttributes(attributes),
    fail(code) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: code });
      span.setAttribute('error.type', code);
    },
    end: () => span.end(),
  };
}

const traceparent = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** Reads a W3C `traceparent`; `undefined` if it is none. Of a version to come, the part that is known today is read. */
function spanContextOf(text: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.exec(text) ?? [];
  if (text.startsWith('00') && text.length !== 55) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const found = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}

function traceparentOf(span: SpanContext): string | undefined {
  if (!isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}
