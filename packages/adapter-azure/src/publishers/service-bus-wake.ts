import { amqpFailure } from './amqp-failure.ts';
import { senderTo, type ServiceBusWhere } from './service-bus-sender.ts';

/** A `wake` of a runtime that holds a connection. */
export interface ServiceBusWake {
  /** Asks for a wake-up at `at` (ms); rejects if it could not be asked for. */
  (at: number): Promise<void>;
  /** Closes the connection, unless it is that of a client that was given. */
  close(): Promise<void>;
}

// A wake-up for a whole second serves all timers in it, and comes late enough for a clock that lags a little.
const stepMs = 1_000;
const lagMs = 100;
const remembered = 1_000;

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
  const asked = new Map<number, Promise<void>>();
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
      asked.delete(second);
      throw amqpFailure(cause, 'Service Bus').error;
    }
  };
  const wake = (at: number): Promise<void> => {
    const second = Math.ceil(Math.max(at, Date.now()) / stepMs) * stepMs;
    const known = asked.get(second);
    if (known !== undefined) return known;
    const asking = schedule(second);
    asked.set(second, asking);
    forgetOldest(asked);
    return asking;
  };
  return Object.assign(wake, { close });
}

function forgetOldest(asked: Map<number, unknown>): void {
  const [oldest] = asked.keys();
  if (asked.size > remembered && oldest !== undefined) asked.delete(oldest);
}
