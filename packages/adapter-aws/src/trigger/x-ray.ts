const header = /(?:^|;)\s*Root=1-([\da-f]{8})-([\da-f]{24})/;
const parent = /(?:^|;)\s*Parent=([\da-f]{16})/;
const isSampled = /(?:^|;)\s*Sampled=1/;

/**
 * The trace context (W3C) of a header of X-Ray: `Root=1-…-…;Parent=…;Sampled=1`.
 *
 * `undefined` for one without a parent, and for one that is not sampled: the services of AWS write those by themselves, and the trace that a
 * sender carries in its event says more.
 */
export function traceparentOf(xRay: unknown): string | undefined {
  if (typeof xRay !== 'string' || !isSampled.test(xRay)) return undefined;
  const [, seconds, random] = header.exec(xRay) ?? [];
  const [, span] = parent.exec(xRay) ?? [];
  return seconds === undefined || random === undefined || span === undefined
    ? undefined
    : `00-${seconds}${random}-${span}-01`;
}
