export { specify, type Partly, type Story } from './specify.ts';
export { fake, has, type Fakes, type Fixture, type SpecifyOptions } from './story.ts';
export type { WhateverOptions } from './whatever-happens.ts';
export { UnmetExpectation } from './story-report.ts';
export { simulatedClock, type SimulatedClock, type SimulatedClockOptions } from './clock.ts';
export {
  faultyPublisher,
  faultyStore,
  type FaultOptions,
  type Plan,
  type PublishCall,
  type PublishFault,
  type StoreCall,
  type StoreFault,
} from './faults.ts';
export { during, firstOf, onNth, seededFaults, seededRandom } from './plans.ts';
export { atEveryStep, Crash, crashAt, type CrashPoint } from './crash.ts';
