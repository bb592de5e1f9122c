import type { App, Principal, Runtime } from '@hearth/core';
import { azureFunctions } from '@hearth/emulators/azure-functions';
import { logger } from '@hearth/node';
import type { HostAnswer, OpenTrigger, TriggerMessage } from '@hearth/testing/conformance';

/** The real library, as the worker of the host loads it. */
export const worker = azureFunctions();

/** A logger that nobody reads. */
export const silent = logger({ level: 'silent' });

let names = 0;

/** A name that no other function has. */
export function freshName(): string {
  names += 1;
  return `f${names}`;
}

/** What a trigger does with the messages of one run of its function. */
export type Deliver = (messages: readonly TriggerMessage[]) => Promise<unknown>;

/** How the messages of a delivery are split into runs: all in one, one by one, or by a key. */
export type Split = (messages: readonly TriggerMessage[]) => readonly (readonly TriggerMessage[])[];

/** All messages in one run. */
export const together: Split = (messages) => [messages];

/** Each message in a run of its own. */
export const oneByOne: Split = (messages) => messages.map((message) => [message]);

/** Makes a trigger with its host, which runs one after the other: a run that throws brings all its messages again. */
export function opener(
  register: (app: App, runtime: Runtime) => Deliver,
  split: Split,
  ordered: boolean,
): OpenTrigger {
  return (app, runtime) => {
    const deliver = register(app, { ...runtime, logger: silent });
    return Promise.resolve({
      ...(ordered ? { ordered } : {}),
      async deliver(messages) {
        const answers = new Map<TriggerMessage, HostAnswer>();
        for (const run of split(messages)) {
          const answer = await deliver(run).then(
            () => 'acknowledged' as const,
            () => 'redelivered' as const,
          );
          for (const message of run) answers.set(message, answer);
        }
        return messages.map((message) => answers.get(message) ?? 'redelivered');
      },
    });
  };
}

/** What a case sends: an event in JSON, or what is none. */
export function textOf(message: TriggerMessage): string {
  return 'event' in message ? JSON.stringify(message.event) : message.raw;
}

/** What IoT Hub stamps on a message of a device. */
export function stamp({ id }: Pick<Principal, 'id'>): Readonly<Record<string, unknown>> {
  return {
    'iothub-connection-device-id': id,
    'iothub-connection-auth-generation-id': '636640121350566756',
    'iothub-connection-auth-method':
      '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}',
    'iothub-enqueuedtime': '2024-01-01T00:00:00Z',
    'iothub-message-source': 'Telemetry',
  };
}
