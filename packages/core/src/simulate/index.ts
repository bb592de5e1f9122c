export { simulate, simulation } from './simulate.ts';
export type { Moment, Simulation, SimulationOptions, SimulationResult } from './simulate.ts';
export { compare } from './compare.ts';
export type { Comparison, SimulatedEmission } from './compare.ts';
export { recordOf } from './fixture.ts';
