import { read, type CloudEvent, type DeadLetter, type Runtime } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { logger } from '@hearth/node';
import { simulatedClock } from '@hearth/testing';
import { meters, type TriggerMessage } from '@hearth/testing/conformance';

interface Referable {
  ref(subject: string): Parameters<typeof read>[1];
}

/** What a trigger works on in a test, and looks at it. */
export function world(rest: Partial<Runtime> = {}) {
  const store = memoryStore();
  const [publisher, deadLetters] = [memoryPublisher(), memoryPublisher()];
  const clock = simulatedClock(Date.UTC(2024, 0, 1), { autoAdvance: true });
  const [meter] = meters.parts as unknown as readonly [Referable];
  return {
    store,
    publisher,
    clock,
    options: { store, publisher, deadLetters, clock, logger: logger({ level: 'silent' }), ...rest },
    async total(subject = 'm1'): Promise<number> {
      const { state } = await read({ store }, meter.ref(subject));
      return (state as { readonly total: number }).total;
    },
    letters: () => deadLetters.published.map(({ event }) => event.data as DeadLetter),
    codes: () => deadLetters.published.map(({ event }) => (event.data as DeadLetter).code),
  };
}

/** The context of an invocation that has half a minute. */
export const context = { getRemainingTimeInMillis: () => 30_000, awsRequestId: 'request-1' };

/** A reading of a meter, said by itself. */
export function reading(
  id: string,
  subject = 'm1',
  rest: object = {},
): TriggerMessage & { readonly event: CloudEvent } {
  const source = `urn:acme:meter:${subject}`;
  const event = { specversion: '1.0', id, source, type: 'com.acme.meter.counted', subject };
  return {
    principal: { kind: 'device', id: subject },
    event: { ...event, data: { by: 1 }, ...rest } as never,
  };
}
