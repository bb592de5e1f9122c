/**
 * What was measured under one name.
 *
 * `value` is the median, in `unit`. `ratio` compares it with what `against` names, measured in the same run; for a throughput above 1
 * means that ours is faster. `best` is the best round, in the same unit. `note` says what one has to know of this run.
 */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly ratio: number;
  readonly against: string;
  readonly best?: number;
  readonly note?: string;
}

/** Figures by name. */
export type Figures = Readonly<Record<string, Figure>>;

/** What a file of the catalogue exports. */
export interface Measuring {
  measure(): Promise<Figures>;
}

/** The middle one of some numbers, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
