export type {
  DueRequest,
  KeyPage,
  RecordWrite,
  SaveResult,
  Shard,
  StateStore,
  StoreCapabilities,
  StoredRecord,
  TagRequest,
} from './state-store.ts';
export type { Outgoing, Publisher, PublishResult } from './publisher.ts';
export {
  isAbout,
  keepsLetters,
  type DeadLetterPage,
  type DeadLetterRequest,
  type DeadLetterStore,
  type KeptLetter,
} from './dead-letter-store.ts';
export { memoryDeadLetters, type MemoryDeadLetters } from './memory-dead-letters.ts';
export { publishAll, route } from './route.ts';
export { speaksForItself, type Principal, type SpeaksFor } from './principal.ts';
export type {
  Answered,
  Applied,
  CallFunction,
  CallFunctionOptions,
  CallSignal,
  Clock,
  Logger,
  Runtime,
  Shadow,
} from './runtime.ts';
export type { Span, SpanStart, Tracing } from './tracing.ts';
export {
  memoryCapabilities,
  memoryStore,
  type MemoryEntry,
  type MemorySnapshot,
  type MemoryStore,
  type StoreNow,
} from './memory-store.ts';
export {
  memoryPublisher,
  type MemoryPublisher,
  type MemoryPublisherOptions,
} from './memory-publisher.ts';
export { assertDistinctKeys, byteLength, misfit } from './fit.ts';
export { inShard, keyHash } from './key-hash.ts';
export { inLanes, oneByOne, partitionOf, type LaneOptions } from './lanes.ts';
export { oncePerSecond } from './wakes.ts';
