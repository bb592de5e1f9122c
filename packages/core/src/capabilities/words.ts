import * as z from 'zod';

/** The words of a Matter enumeration, with the numbers that stand for them there. */
export type Words = Readonly<Record<string, number>>;

/** The schema of a Matter enumeration, by its words. */
export function oneOf<const W extends Words>(words: W): z.ZodEnum<{ [K in keyof W & string]: K }> {
  const numbers = Object.entries(words).map(([name, number]) => `${name} ${number}`);
  const names = Object.keys(words) as (keyof W & string)[];
  return z.enum(names).meta({ description: `Matter: ${numbers.join(', ')}` });
}

/** A temperature in °C, where Matter has whole hundredths of one. */
export const celsius = (min = -273.15, max = 327.67): z.ZodNumber =>
  z.number().min(min).max(max).meta({ unit: '°C', description: 'Matter: in 0.01 °C' });

/** A whole number of a range. */
export const whole = (min: number, max: number): z.ZodInt => z.int().min(min).max(max);

/** A bitmap of one bit, as an object of its one flag. */
export const occupancyOf = z.object({ occupied: z.boolean() });
