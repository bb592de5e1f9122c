// In the order in which a newcomer should read.
export { defineDevice } from './model/device.ts';
export type {
  Desired,
  Device,
  DeviceEvents,
  DeviceOptions,
  DeviceState,
  Patch,
  Report,
  Said,
  Tolerances,
  WishOptions,
  Wishes,
} from './model/device.ts';
export type {
  Answered as CommandAnswered,
  Command,
  Commands,
  Ended,
  Request,
} from './model/command.ts';
export type { CommandQueue, OpenCommand } from './model/command-queue.ts';
export type { Definition } from './model/device-events.ts';
export type { Sample } from './model/device-telemetry.ts';
export type { Acknowledged, Presence } from './model/twin-schemas.ts';
export type { LeafMark, TwinDocument } from './model/device-wishes.ts';
export type { Acknowledgement, Mark, Marks, Twin } from './twin/twin.ts';
export type { MergePatch } from './twin/merge-patch.ts';
export type { TwinProfile } from './twin/limits.ts';
export { defineHome } from './model/home.ts';
export type { Home, HomeEvents, HomeOptions } from './model/home.ts';
export { lives } from './model/binding.ts';
export type { Lives } from './model/binding.ts';
export { defineRule } from './model/rule.ts';
export type { Per, Rule, RuleOptions, RuleState, Seen } from './model/rule.ts';
export type { Copies, Watchable, Watches } from './model/rule-watch.ts';
export { by, each, homeOf, partitionOf } from './model/reads.ts';
export type { By, Each, EachOptions, Got, One, Readable, Reads, Where } from './model/reads.ts';
export { defineEvent, older } from './model/event.ts';
export type { Draft, EventDef, EventOf, EventType, Incoming, OlderVersion } from './model/event.ts';
export { defineHandler } from './model/handler.ts';
export type {
  Grants,
  Handler,
  HandlerBuilder,
  HandlerOptions,
  Outcome,
  Part,
  Ref,
  Rejection,
  StepInput,
  Subscription,
  Timer,
} from './model/handler.ts';
export { defineCall } from './model/call.ts';
export type { Call, CallFunctions, CallOptions, Done, Failed } from './model/call.ts';
export type { Schema } from './model/schema.ts';
export { defineApp, events } from './app/define-app.ts';
export type { App, AppOptions, KnownType, Route } from './app/define-app.ts';
export { accept } from './app/accept.ts';
export { run } from './app/run.ts';
export type { Ran, RunInput, RunRecord } from './app/run.ts';
export { eventFrom } from './app/event-from.ts';
export type { Identity } from './app/event-from.ts';
export { handle } from './app/handle.ts';
export type { HandleOptions } from './app/handle.ts';
export type { Handled, Input, Verdict } from './app/input.ts';
export { sweep } from './app/sweep.ts';
export type { Swept, SweepOptions } from './app/sweep.ts';
export { ask } from './app/ask.ts';
export type { Asked, AskOptions } from './app/ask.ts';
export { erase, read, reopen } from './app/read.ts';
export type { Look } from './app/read.ts';
export type { Decision } from './app/record.ts';
export type { DeadLetter, DeadReason } from './app/dead-letter.ts';
export { deadLetterType } from './app/dead-letter.ts';
export { loggable } from './app/telemetry.ts';
export { HearthError, isHearthError } from './event/error.ts';
export type { HearthErrorCode, HearthErrorOptions } from './event/error.ts';
export type { CloudEvent } from './event/cloud-event.ts';
export type { Principal, SpeaksFor } from './ports/principal.ts';
export type { Outgoing, Publisher, PublishResult } from './ports/publisher.ts';
export { route } from './ports/route.ts';
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
} from './ports/runtime.ts';
export type { Span, SpanStart, Tracing } from './ports/tracing.ts';
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
} from './ports/state-store.ts';
