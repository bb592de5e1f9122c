// In the order in which a newcomer should read.
export { runHome, storeFile, type HomeOptions, type RunningHome } from './local/home.ts';
export { localTopics, type LocalTopics } from './local/topics.ts';
export { localBroker, type LocalBroker, type LocalBrokerOptions } from './local/broker.ts';
export { runLive, type Company, type Host, type LiveOptions } from './live/run.ts';
export type { View } from './live/view.ts';
export type { Summary, Tally } from './live/tally.ts';
export type { Paint } from './live/paint.ts';
export { columnsOf, cut, padded } from './live/columns.ts';
export { barText } from './live/progress.ts';
export type { Io } from './commands/command.ts';
export { guarded } from './main.ts';
export {
  duration,
  flag,
  number,
  readOptions,
  text,
  type Given,
  type Option,
  type OptionSpecs,
} from './options.ts';
export { durationText, parseDuration } from './duration.ts';
