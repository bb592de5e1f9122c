// In the order in which a newcomer should read.
export { defineRegistry } from './define-registry.ts';
export type { Registry, RegistryOptions } from './define-registry.ts';
export type { Registered, Status, Suspension } from './registered.ts';
export type {
  Fact,
  FactName,
  RegistryEvents,
  RegistryRequests,
  Requests,
} from './registry-events.ts';
export type { Because } from './lifecycle.ts';
export type { Homes } from './grants.ts';
export { proofOf } from './proof.ts';
export { registerDevices } from './register-devices.ts';
export type { RegisterOptions, RegisterProgress, RejectedDevice } from './register-devices.ts';
export type { LineFormat } from './device-line.ts';
export type { Imports, ImportState } from './imports.ts';
export { query } from './query.ts';
export type { Page, PageOptions, Queryable } from './query.ts';
export type { InGroup, Selection } from './selection.ts';
export { forEach } from './for-each.ts';
export type { ForEachOptions, Job, JobEvents, JobState, Start } from './for-each.ts';
