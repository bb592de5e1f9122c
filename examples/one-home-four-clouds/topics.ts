import { home, thermostat } from './home.ts';

/** What devices say in plain JSON, where they speak MQTT. A CloudEvent is taken on all of these topics. */
export const said = {
  'device/{device}/temperature': { type: thermostat.events.temperature.type },
  'device/{device}/occupancy': { type: home.events.occupancy.type },
};

/** What devices are told: the last wish is kept by the broker, for a device that is away. */
export const told = {
  [thermostat.events.desired.type]: { topic: 'device/{subject}/desired', retain: true },
};
