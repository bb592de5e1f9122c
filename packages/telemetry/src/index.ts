export { downsample } from './downsample.ts';
export type { Aggregate, Downsampling, DownsampleOptions, OpenWindows } from './downsample.ts';
export { anomalies } from './anomalies.ts';
export type { Anomalies, AnomalyOptions, Began, Ended, Unusual, Watched } from './anomalies.ts';
export type { SampleOptions, ValueOf } from './samples.ts';
