import type { Measuring } from './figure.ts';

// Runs one file of the catalogue in this process and tells its parent the figures.
const { measure } = (await import(`./${process.argv[2]}.ts`)) as Measuring;
process.send?.(await measure(), () => process.disconnect());
