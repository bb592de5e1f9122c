/** What is usual: the middle of the last values, and how far they are from it. */
export interface Baseline {
  readonly expected: number;
  /** The standard deviation, estimated from the median of the distances, which single outliers do not move. */
  readonly spread: number;
}

// For normal values the median of the distances is this part of the standard deviation, 1 / Φ⁻¹(3/4).
const perDeviation = 1.4826;

/** The baseline of some values. */
export function baselineOf(values: readonly number[]): Baseline {
  const expected = medianOf(values);
  return {
    expected,
    spread: perDeviation * medianOf(values.map((one) => Math.abs(one - expected))),
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  // Halved first: a sum could be larger than any number.
  return sorted.length % 2 === 1 ? upper : (sorted[half - 1] ?? 0) / 2 + upper / 2;
}
