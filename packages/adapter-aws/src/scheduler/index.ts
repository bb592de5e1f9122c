export { schedulerWake, type SchedulerWakeOptions } from './scheduler-wake.ts';
export type { LaterWake } from '../wake/once-per-second.ts';
