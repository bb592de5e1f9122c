const form = /^00-([\da-f]{8})([\da-f]{24})-([\da-f]{16})-[\da-f]([\da-f])$/;

/** A trace context as X-Ray writes it: `Root=1-…-…;Parent=…;Sampled=1`; `undefined` for none. */
export function xRayOf(traceparent: string | undefined): string | undefined {
  const [, seconds, random, span, flags] = form.exec(traceparent ?? '') ?? [];
  if (seconds === undefined) return undefined;
  return `Root=1-${seconds}-${random};Parent=${span};Sampled=${Number.parseInt(flags ?? '0', 16) & 1}`;
}
