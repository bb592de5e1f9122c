/** A span, as far as the core uses one. */
export interface Span {
  /** The W3C `traceparent` that continues this span, or `undefined` if nothing is recorded. */
  traceparent(): string | undefined;
  set(attributes: Readonly<Record<string, string | number | boolean>>): void;
  fail(code: string): void;
  end(): void;
}

/** How a span begins: its parent and links are W3C `traceparent` texts. */
export interface SpanStart {
  readonly kind: 'consumer' | 'producer' | 'internal';
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly parent?: string | undefined;
  readonly links?: readonly string[];
}

/** Where spans go. `@hearth/node` has the one for OpenTelemetry; without one the core spends nothing on tracing. */
export interface Tracing {
  /** Whether spans are recorded at all; where it says no, none is started. They are when it is absent. */
  isOn?(): boolean;
  start(name: string, start: SpanStart): Span;
}
