export { schedulerWake, type SchedulerWakeOptions } from './scheduler-wake.ts';
export type { LaterWake } from '../wake/later-wake.ts';
