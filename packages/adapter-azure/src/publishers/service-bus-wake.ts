import { oncePerSecond } from '@hearth/core/ports';
import { amqpFailure } from './amqp-failure.ts';
import { senderTo, type ServiceBusWhere } from './service-bus-sender.ts';

/** A `wake` of a runtime that holds a connection. */
export interface ServiceBusWake {
  /** Asks for a wake-up at `at` (ms); rejects if it could not be asked for. */
  (at: number): Promise<void>;
  /** Closes the connection, unless it is that of a client that was given. */
  close(): Promise<void>;
}

// A wake-up comes late enough for a clock that lags a little.
const lagMs = 100;

/**
 * Wakes an app in time by scheduled messages of a Service Bus queue: give it to the runtime as `wake`, and its queue to the trigger
 * `wakes`.
 *
 * Timers of one second share a wake-up, and one process asks for it once; give the queue duplicate detection, and all processes together
 * do. So a timer runs up to 1.1 seconds late. The core waits for the promise before it answers, since a function is frozen then.
 *
 * @throws {HearthError} `invalid-option` when nothing says how to get there.
 */
export function serviceBusWake(where: ServiceBusWhere): ServiceBusWake {
  const { open, close } = senderTo(where);
  const schedule = async (second: number) => {
    try {
      const sender = await open();
      const message = {
        body: Buffer.from(JSON.stringify({ hearth: 'wake', at: second })),
        contentType: 'application/json',
        messageId: `hearth-wake-${second}`,
      };
      await sender.scheduleMessages(message, new Date(second + lagMs));
    } catch (cause) {
      throw amqpFailure(cause, 'Service Bus').error;
    }
  };
  return Object.assign(oncePerSecond(schedule, Date.now), { close });
}
