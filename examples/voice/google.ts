import type { Asked } from '@hearth/core';
import type { KnownDevice } from './household.ts';
import { range, type Status, type Wants } from './home.ts';

/** What Google sends, as far as it is read. */
export interface GoogleRequest {
  readonly requestId: string;
  readonly inputs: readonly { readonly intent: string; readonly payload?: GooglePayload }[];
}

/** The part of a request that names devices and what is wanted of them. */
export interface GooglePayload {
  readonly devices?: readonly { readonly id: string }[];
  readonly commands?: readonly {
    readonly devices: readonly { readonly id: string }[];
    readonly execution: readonly GoogleExecution[];
  }[];
}

/** One command, with the PIN if somebody has said one. */
export interface GoogleExecution {
  readonly command: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly challenge?: { readonly pin?: string };
}

/** What is wanted of one device; `wants` is absent for a command that is not known here. */
export interface GoogleQuestion {
  readonly id: string;
  readonly wants: Wants | undefined;
  readonly followUpToken: string;
  /** The PIN that somebody has said; `undefined` if nobody has, and `null` if none is needed. */
  readonly pin: string | null | undefined;
}

/** What became of a question: an answer of the app, or of whoever asks for the PIN. */
export type GoogleOutcome = Asked | { readonly outcome: 'challenge'; readonly type: string };

/** The questions of a request, in their order. */
export function googleQuestions({ inputs }: GoogleRequest): readonly GoogleQuestion[] {
  return inputs.flatMap(({ intent, payload = {} }) => {
    if (intent === 'action.devices.QUERY')
      return (payload.devices ?? []).map(({ id }) => questionOf(id, { what: 'status' }));
    if (intent !== 'action.devices.EXECUTE') return [];
    return (payload.commands ?? []).flatMap(({ devices, execution }) =>
      devices.flatMap(({ id }) =>
        execution.map((one) => {
          const wants = wantsOf(one);
          // Opening a door takes more than a voice.
          const isGuarded = wants?.what === 'locked' && !wants.is;
          const token = one.params?.['followUpToken'];
          const followUpToken = typeof token === 'string' ? token : '';
          return {
            ...questionOf(id, wants),
            followUpToken,
            pin: isGuarded ? one.challenge?.pin : null,
          };
        }),
      ),
    );
  });
}

const questionOf = (id: string, wants: Wants | undefined): GoogleQuestion => ({
  id,
  wants,
  followUpToken: '',
  pin: null,
});

function wantsOf({ command, params = {} }: GoogleExecution): Wants | undefined {
  const { thermostatTemperatureSetpoint: celsius, lock } = params;
  if (command === 'action.devices.commands.ThermostatTemperatureSetpoint')
    return typeof celsius === 'number' ? { what: 'setpoint', celsius } : undefined;
  if (command === 'action.devices.commands.LockUnlock')
    return typeof lock === 'boolean' ? { what: 'locked', is: lock } : undefined;
  return undefined;
}

/** The answer to QUERY or EXECUTE, from what became of each question. A device that was asked several things fails with the first that failed. */
export function googleAnswer(
  request: GoogleRequest,
  answers: readonly (readonly [GoogleQuestion, GoogleOutcome])[],
): object {
  const byDevice = new Map<string, object>();
  const failed = new Set<string>();
  for (const [{ id, wants }, outcome] of answers) {
    const said = saidOf(outcome, wants);
    if (failed.has(id)) continue;
    byDevice.set(id, said);
    if (said.status !== 'SUCCESS') failed.add(id);
  }
  const isQuery = request.inputs[0]?.intent === 'action.devices.QUERY';
  const payload = isQuery
    ? { devices: Object.fromEntries([...byDevice].map(([id, said]) => [id, flat(said)])) }
    : { commands: [...byDevice].map(([id, said]) => ({ ids: [id], ...said })) };
  return { requestId: request.requestId, payload };
}

/** In the answer to QUERY the states stand beside the status. */
function flat({ states = { online: false }, ...rest }: { readonly states?: object }): object {
  return { ...rest, ...states };
}

interface Said {
  readonly status: 'SUCCESS' | 'PENDING' | 'OFFLINE' | 'ERROR';
  readonly states?: object;
  readonly errorCode?: string;
  readonly challengeNeeded?: object;
}

const errors: Readonly<Record<string, string>> = {
  'out-of-range': 'valueOutOfRange',
  'is-off': 'inOffMode',
  unreachable: 'deviceOffline',
  expired: 'deviceOffline',
  'not-permitted': 'deviceNotFound',
  'not-supported': 'functionNotSupported',
  'invalid-data': 'protocolError',
  'who-are-you': 'authFailure',
};

function saidOf(outcome: GoogleOutcome, wants: Wants | undefined): Said {
  switch (outcome.outcome) {
    case 'answered': {
      const status = outcome.reply as Status;
      if (status.kind === 'lock' && status.isJammed && wants?.what === 'locked')
        return { status: 'ERROR', errorCode: 'deviceJammingDetected' };
      return { status: 'SUCCESS', states: googleStates(status) };
    }
    case 'challenge':
      return {
        status: 'ERROR',
        errorCode: 'challengeNeeded',
        challengeNeeded: { type: outcome.type },
      };
    case 'deferred':
      return { status: 'PENDING' };
    case 'retry':
      return { status: 'ERROR', errorCode: 'transientError' };
    case 'rejected': {
      const { code } = outcome;
      const errorCode = (Object.hasOwn(errors, code) ? errors[code] : undefined) ?? 'hardError';
      return { status: errorCode === 'deviceOffline' ? 'OFFLINE' : 'ERROR', errorCode };
    }
  }
}

/** A status in Google's words. */
export function googleStates(status: Status): object {
  if (status.kind === 'lock') {
    const { isLocked, isJammed } = status;
    return { online: true, isLocked, isJammed };
  }
  const { celsius, setpointCelsius, mode } = status;
  return {
    online: true,
    thermostatMode: mode,
    thermostatTemperatureSetpoint: setpointCelsius,
    ...(celsius === null ? {} : { thermostatTemperatureAmbient: celsius }),
  };
}

/** What Google is told when a device has changed, or answers what it was asked before (`followUpToken`); `null` if it never did. */
export function googleReport(
  agentUserId: string,
  id: string,
  status: Status | null,
  {
    requestId,
    followUpToken = '',
  }: { readonly requestId: string; readonly followUpToken?: string },
): object {
  const states = { [id]: status === null ? { online: false } : googleStates(status) };
  const isLocked = status?.kind === 'lock' ? { isLocked: status.isLocked } : {};
  const isDone = status?.kind === 'lock' && !status.isJammed;
  const followUpResponse = isDone
    ? { status: 'SUCCESS', followUpToken, ...isLocked }
    : {
        status: 'FAILURE',
        followUpToken,
        errorCode: status === null ? 'deviceOffline' : 'deviceJammingDetected',
      };
  const notifications = { [id]: { LockUnlock: { priority: 0, followUpResponse } } };
  const devices = { states, ...(followUpToken === '' ? {} : { notifications }) };
  return { requestId, agentUserId, payload: { devices } };
}

const kinds = {
  thermostat: {
    type: 'action.devices.types.THERMOSTAT',
    traits: ['action.devices.traits.TemperatureSetting'],
    attributes: {
      availableThermostatModes: ['off', 'heat'],
      thermostatTemperatureUnit: 'C',
      thermostatTemperatureRange: {
        minThresholdCelsius: range.minCelsius,
        maxThresholdCelsius: range.maxCelsius,
      },
    },
  },
  lock: {
    type: 'action.devices.types.LOCK',
    traits: ['action.devices.traits.LockUnlock'],
    attributes: {},
  },
};

/** What a user has. */
export function googleSync(
  requestId: string,
  agentUserId: string,
  known: readonly KnownDevice[],
): object {
  const devices = known.map(({ id, kind, name }) => ({
    id,
    ...kinds[kind],
    name: { name },
    willReportState: true,
    notificationSupportedByAgent: kind === 'lock',
  }));
  return { requestId, payload: { agentUserId, devices } };
}
