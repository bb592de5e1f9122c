// Capabilities named and shaped after Matter's clusters; values are words and whole units where Matter has numbers and fractions of them.
export { composed } from './composed.ts';
export type { Composed, ComposedState, ComposedWishes } from './composed.ts';
export { defineCapability } from './capability.ts';
export type { AnyCapability, Capability, CapabilityOptions, Occurrences } from './capability.ts';
export { colorControl, colorModes, levelControl, onOff, startUpOnOffs } from './light.ts';
export {
  occupancySensing,
  setpointRaiseLowerModes,
  systemModes,
  temperatureMeasurement,
  temperatureSetpointHolds,
  thermostat,
} from './climate.ts';
export {
  alarmCodes,
  alarmStates,
  booleanState,
  doorLock,
  doorStates,
  endOfServices,
  expressedStates,
  lockOperationTypes,
  lockStates,
  muteStates,
  operatingModes,
  operationErrors,
  operationSources,
  smokeCoAlarm,
} from './safety.ts';
export { cameraMotion, triStates, zoneStoppedReasons, zoneTriggeredReasons } from './camera.ts';
export {
  basicInformation,
  batChargeLevels,
  batChargeStates,
  powerSource,
  powerSourceStatuses,
} from './identity.ts';
