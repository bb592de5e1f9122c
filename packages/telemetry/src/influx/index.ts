export { influxPublisher } from './publisher.ts';
export type { InfluxPlace, InfluxPublisherOptions, PointsOf } from './publisher.ts';
export type { FieldValue, Point } from './line.ts';
