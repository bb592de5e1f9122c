import type { FunctionContext } from './context.ts';

/**
 * The trace context of a message's way here: that of the invocation, under which Application Insights files it, if it continues the message's
 * own trace or the message has none; else the message's own, of which a batch may hold many.
 */
export function hopOf(
  { traceContext }: FunctionContext,
  properties: Readonly<Record<string, unknown>> = {},
): unknown {
  // `Diagnostic-Id` is what the clients of Azure write; the host has made its first letter small.
  const own = properties['traceparent'] ?? properties['diagnostic-Id'];
  const ours = traceContext?.traceParent;
  if (typeof own !== 'string' || own === '') return ours;
  return typeof ours === 'string' && ours.slice(3, 35) === own.slice(3, 35) ? ours : own;
}
