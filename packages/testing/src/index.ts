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
