import * as z from 'zod';
import { defineCapability } from './capability.ts';
import { oneOf, whole } from './words.ts';

/** How bad it is. */
export const alarmStates = { normal: 0, warning: 1, critical: 2 } as const;

/** What an alarm tells at the moment: the worst of what there is. */
export const expressedStates = {
  normal: 0,
  smokeAlarm: 1,
  coAlarm: 2,
  batteryAlert: 3,
  testing: 4,
  hardwareFault: 5,
  endOfService: 6,
  interconnectSmoke: 7,
  interconnectCo: 8,
  inoperative: 9,
} as const;

/** Whether an alarm has to be replaced because of its age. */
export const endOfServices = { normal: 0, expired: 1 } as const;

/** Whether an alarm was silenced by hand. */
export const muteStates = { notMuted: 0, muted: 1 } as const;

const alarmState = oneOf(alarmStates);
const alarm = { data: z.object({ alarmSeverityLevel: alarmState }) };
const bare = { data: z.object({}) };

/** A smoke or carbon monoxide alarm. What it does not sense is absent; `expressedState` is `null` until it has said something. */
export const smokeCoAlarm = defineCapability({
  name: 'smokeCoAlarm',
  clusters: ['SmokeCoAlarm'],
  state: z.object({
    expressedState: oneOf(expressedStates).nullable(),
    smokeState: alarmState.optional(),
    coState: alarmState.optional(),
    batteryAlert: alarmState,
    deviceMuted: oneOf(muteStates).optional(),
    testInProgress: z.boolean(),
    hardwareFaultAlert: z.boolean(),
    endOfServiceAlert: oneOf(endOfServices),
  }),
  initial: {
    expressedState: null,
    batteryAlert: 'normal',
    testInProgress: false,
    hardwareFaultAlert: false,
    endOfServiceAlert: 'normal',
  },
  commands: {
    selfTestRequest: { data: z.object({}), result: z.object({}), expiresMs: 30_000 },
  },
  events: {
    smokeAlarm: alarm,
    coAlarm: alarm,
    lowBattery: alarm,
    hardwareFault: bare,
    endOfService: bare,
    selfTestComplete: bare,
    alarmMuted: bare,
    muteEnded: bare,
    allClear: bare,
  },
});

/** What bolts a door. */
export const lockStates = { notFullyLocked: 0, locked: 1, unlocked: 2, unlatched: 3 } as const;

/** How a door stands. */
export const doorStates = {
  doorOpen: 0,
  doorClosed: 1,
  doorJammed: 2,
  doorForcedOpen: 3,
  doorUnspecifiedError: 4,
  doorAjar: 5,
} as const;

/** Who may open a door now. */
export const operatingModes = {
  normal: 0,
  vacation: 1,
  privacy: 2,
  noRemoteLockUnlock: 3,
  passage: 4,
} as const;

/** What a lock raises the alarm about. */
export const alarmCodes = {
  lockJammed: 0,
  lockFactoryReset: 1,
  lockRadioPowerCycled: 3,
  wrongCodeEntryLimit: 4,
  frontEsceutcheonRemoved: 5,
  doorForcedOpen: 6,
  doorAjar: 7,
  forcedUser: 8,
} as const;

/** What was done to a lock. */
export const lockOperationTypes = {
  lock: 0,
  unlock: 1,
  nonAccessUserEvent: 2,
  forcedUserEvent: 3,
  unlatch: 4,
} as const;

/** How it was done. */
export const operationSources = {
  unspecified: 0,
  manual: 1,
  proprietaryRemote: 2,
  keypad: 3,
  auto: 4,
  button: 5,
  schedule: 6,
  remote: 7,
  rfid: 8,
  biometric: 9,
  aliro: 10,
} as const;

/** Why it was not done. */
export const operationErrors = {
  unspecified: 0,
  invalidCredential: 1,
  disabledUserDenied: 2,
  restricted: 3,
  insufficientBattery: 4,
} as const;

const lockState = oneOf(lockStates);
const autoRelockTime = whole(0, 4_294_967_295).meta({ unit: 's' });
const operatingMode = oneOf(operatingModes);
const turn = {
  data: z.object({ pinCode: z.string().max(64).optional() }),
  result: z.object({ lockState }),
  expiresMs: 10_000,
} as const;
const operation = z.object({
  lockOperationType: oneOf(lockOperationTypes),
  operationSource: oneOf(operationSources),
  userIndex: whole(1, 65_534).nullable().optional(),
});

/**
 * A door lock. It is locked and unlocked by commands, which happen now or not at all: a wish that waits for a lock to come back would open the
 * door long after somebody wanted it.
 */
export const doorLock = defineCapability({
  name: 'doorLock',
  clusters: ['DoorLock'],
  state: z.object({
    lockState: lockState.nullable(),
    doorState: oneOf(doorStates).nullable().optional(),
    actuatorEnabled: z.boolean().optional(),
    operatingMode,
    autoRelockTime: autoRelockTime.optional(),
  }),
  initial: { lockState: null, operatingMode: 'normal' },
  writable: z.object({ operatingMode, autoRelockTime }).partial(),
  commands: {
    lockDoor: turn,
    unlockDoor: turn,
    unlockWithTimeout: {
      ...turn,
      data: turn.data.extend({ timeout: whole(0, 65_535).meta({ unit: 's' }) }),
    },
  },
  events: {
    doorLockAlarm: { data: z.object({ alarmCode: oneOf(alarmCodes) }) },
    doorStateChange: { data: z.object({ doorState: oneOf(doorStates) }) },
    lockOperation: { data: operation },
    lockOperationError: { data: operation.extend({ operationError: oneOf(operationErrors) }) },
  },
});

/** A contact, a leak detector: yes, no, or `null` while it is not known. A closed contact is `true`, and so is water. */
export const booleanState = defineCapability({
  name: 'booleanState',
  clusters: ['BooleanState'],
  state: z.object({ stateValue: z.boolean().nullable() }),
  initial: { stateValue: null },
  events: { stateChange: { data: z.object({ stateValue: z.boolean() }) } },
});
