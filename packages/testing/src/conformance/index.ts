export type { PrivacyCase, PrivacyHarness } from './privacy/privacy-cases.ts';
export { privacyCases } from './privacy/privacy-cases.ts';
export type { StoreCase, StoreHarness } from './store/store-case.ts';
export { storeCases } from './store/store-cases.ts';
export { failingStoreCases, memoryHarness, type BrokenStore } from './store/broken-store.ts';
export { brokenStores } from './store/broken-stores.ts';
export {
  unmetNeed,
  type PublisherCase,
  type PublisherHarness,
  type PublisherNeed,
  type Received,
} from './publisher/publisher-case.ts';
export { publisherCases } from './publisher/publisher-cases.ts';
export {
  failingPublisherCases,
  memoryPublisherHarness,
  type BrokenPublisher,
} from './publisher/broken-publisher.ts';
export { brokenPublishers } from './publisher/broken-publishers.ts';
export type {
  HostAnswer,
  OpenTrigger,
  TriggerCase,
  TriggerHarness,
  TriggerMessage,
} from './trigger/trigger-case.ts';
export { triggerCases } from './trigger/trigger-cases.ts';
export { meters } from './trigger/meter.ts';
export {
  directTrigger,
  failingTriggerCases,
  type BrokenTrigger,
  type TriggerDefect,
} from './trigger/broken-trigger.ts';
export { brokenTriggers } from './trigger/broken-triggers.ts';
export type { WorkerCase, WorkerHarness } from './worker/worker-case.ts';
export { workerCases } from './worker/worker-cases.ts';
export {
  brokenFleets,
  failingWorkerCases,
  memoryFleet,
  type BrokenFleet,
} from './worker/broken-fleets.ts';
