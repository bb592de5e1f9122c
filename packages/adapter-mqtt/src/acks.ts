/** Where acknowledgements are written to: a socket. */
export interface AckStream {
  readonly destroyed?: boolean;
  write(bytes: Uint8Array): unknown;
}

/** One message whose acknowledgement is owed. */
export interface Owed {
  readonly packetId: number;
  /** When it came (ms). */
  readonly at: number;
  state: 'open' | 'settled' | 'passed';
}

/** The acknowledgements owed on one connection; with it they end. */
export interface Acks {
  /** Notes a message that came. */
  owe(packetId: number, at: number): Owed;
  /** The message may be acknowledged. */
  settle(owed: Owed): void;
  /** The message will take a while; nobody waits for it any longer. */
  pass(owed: Owed): void;
  /** Writes what can be acknowledged now (ms). */
  flush(now: number): void;
  /** Whether a message that may be acknowledged still waits for one before it. */
  readonly isHeldUp: boolean;
}

// How long the acknowledgement of a message waits for those that came before it.
const patienceMs = 1000;

/**
 * Acknowledges messages in the order in which they came (MQTT 5 §4.6), as far as that costs nothing: one that is tried again, or takes
 * more than a second, does not hold up the others. Brokers match acknowledgements by packet identifier.
 *
 * Once the stream is destroyed nothing is written: the broker will send again what it has not heard of.
 */
export function acks(stream: AckStream): Acks {
  let line: Owed[] = [];
  let head = 0;
  let ready: number[] = [];
  let settled = 0;
  return {
    owe(packetId, at) {
      const owed: Owed = { packetId, at, state: 'open' };
      line.push(owed);
      return owed;
    },
    settle(owed) {
      if (owed.state === 'passed') ready.push(owed.packetId);
      owed.state = 'settled';
      settled += 1;
    },
    pass(owed) {
      owed.state = 'passed';
    },
    flush(now) {
      for (let first = line[head]; first !== undefined; first = line[(head += 1)]) {
        if (first.state === 'settled') ready.push(first.packetId);
        else if (first.state === 'open' && now - first.at < patienceMs) break;
        else first.state = 'passed';
      }
      if (head > 1024 || head === line.length) {
        line = line.slice(head);
        head = 0;
      }
      if (ready.length > 0 && stream.destroyed !== true) stream.write(pubacks(ready));
      settled -= ready.length;
      ready = [];
    },
    get isHeldUp() {
      return settled > 0;
    },
  };
}

/** PUBACK packets (MQTT 3.1.1 §3.4; MQTT 5 §3.4 without a reason code means success), all in one piece. */
function pubacks(packetIds: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(packetIds.length * 4);
  packetIds.forEach((id, index) => {
    bytes.set([0x40, 2, id >> 8, id & 255], index * 4);
  });
  return bytes;
}
