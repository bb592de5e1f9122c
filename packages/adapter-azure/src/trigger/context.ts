/** What is read of the `InvocationContext` of `@azure/functions`; a test of your own needs no more than this. */
export interface FunctionContext {
  readonly invocationId: string;
  readonly functionName: string;
  /** What the host tells of the messages besides their bodies. */
  readonly triggerMetadata?: Readonly<Record<string, unknown>> | undefined;
  /** Given from the second attempt of a retry policy on. */
  readonly retryContext?:
    | { readonly retryCount: number; readonly maxRetryCount: number }
    | undefined;
  /** The trace of this invocation. */
  readonly traceContext?: { readonly traceParent?: string | undefined } | undefined;
  debug(...line: unknown[]): void;
  info(...line: unknown[]): void;
  warn(...line: unknown[]): void;
  error(...line: unknown[]): void;
}
