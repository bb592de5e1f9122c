export { cloudTasksWake } from './cloud-tasks-wake.ts';
export type { CloudTasksWakeOptions, TasksClient } from './cloud-tasks-wake.ts';
