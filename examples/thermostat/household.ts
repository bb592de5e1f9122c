/** From an instant of the day (ms) on, so many people are at home. */
export type Stay = readonly [fromMs: number, occupants: number];

/** A day of 22 seconds: two people leave, one after the other, and come back. */
export const shortDay = {
  lengthMs: 22_000,
  stays: [
    [0, 2],
    [1_500, 1],
    [2_000, 0],
    [13_000, 1],
    [15_000, 2],
  ] satisfies readonly Stay[],
};

/** What the last one to leave turns the heating down to, °C. */
export const turnedDownCelsius = 8;

/** How many people are at home, `ms` after the first morning. */
export function occupantsAt({ lengthMs, stays }: typeof shortDay, ms: number): number {
  const time = ms % lengthMs;
  return stays.findLast(([fromMs]) => fromMs <= time)?.[1] ?? 0;
}
