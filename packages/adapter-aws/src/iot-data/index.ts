export { iotData, type IotDataOptions } from './iot-data.ts';
export type { IotRoute, IotRoutes } from './iot-route.ts';
export type { SendingOptions } from '../sending/options.ts';
