import { handle } from '@hearth/core';
import type { App, Runtime } from '@hearth/core';
import type { IPublishPacket } from 'mqtt';
import { acks, type Acks, type Owed } from './acks.ts';
import { batches, type Batches, type InHand } from './batches.ts';
import type { MqttDecoder, MqttMessage } from './decode.ts';
import type { Link, Receiver } from './link.ts';
import type { Retained } from './subscribe.ts';
import { transportIds } from './transport-ids.ts';

/** What an intake needs. */
export interface IntakeOptions {
  readonly app: App;
  readonly runtime: Runtime;
  readonly link: Link;
  readonly decode: MqttDecoder;
  readonly retained: Retained;
  readonly maxBatch: number;
  readonly maxBytesInHand: number;
  readonly retry: { readonly minMs: number; readonly maxMs: number };
}

/** Takes messages in, has the app handle them, and acknowledges them. */
export interface Intake extends Omit<Receiver, 'open'> {
  readonly received: number;
  readonly batches: Batches<Message>;
  /** Takes nothing more; resolves when what is being handled is done and acknowledged. */
  stop(): Promise<void>;
}

/** A message in hand, with what is owed for it: an acknowledgement on the connection that it came by, unless its QoS is 0. */
interface Message extends InHand {
  readonly owed: Owed | undefined;
  readonly acks: Acks;
}

/** Opens an intake. */
export function intake(options: IntakeOptions): Intake {
  const { app, runtime, link, decode, maxBytesInHand } = options;
  const ids = transportIds();
  let current = acks(link.client.stream);
  let isResumed = false;
  let isStopped = false;
  let received = 0;

  const isFull = () =>
    !isStopped && (inHand.messages >= 2 * link.inFlight || inHand.bytes >= maxBytesInHand);
  const inHand = batches<Message>({
    handle: (inputs) => handle(app, inputs, runtime, { order: 'key' }),
    settle: ({ owed, acks: own }) => owed && own.settle(owed),
    postpone: ({ owed, acks: own }) => owed && own.pass(owed),
    ended() {
      current.flush(Date.now());
      if (!isFull()) link.resume();
    },
    mostMessages: options.maxBatch,
    backoff: { ...options.retry, random: Math.random },
  });
  const take = (packet: IPublishPacket, owed: Owed | undefined) => {
    // What mqtt.js has parsed has bytes.
    const message = packet as unknown as MqttMessage;
    let id: string | undefined;
    const { topic, payload } = message;
    const delivery = { packetId: owed?.packetId, isRepeated: packet.dup, topic, payload };
    const input = decode(message, () => (id ??= ids.of(delivery)));
    const bytes = payload.length + topic.length;
    inHand.add(input.order, { input, bytes, serial: received, owed, acks: current });
  };
  return {
    batches: inHand,
    isFull,
    get received() {
      return received;
    },
    connected(resumed) {
      isResumed = resumed;
      current = acks(link.client.stream);
      // What waits would be handled twice: the broker sends it again. Only if it has forgotten the session is this all there is.
      if (resumed) inHand.drop(({ owed }) => owed !== undefined);
      else ids.forget();
    },
    message(packet) {
      if (isStopped) return;
      received += 1;
      const { messageId: packetId } = packet;
      const owed =
        packet.qos > 0 && packetId !== undefined ? current.owe(packetId, Date.now()) : undefined;
      if (isWanted(options, packet, isResumed)) take(packet, owed);
      else if (owed !== undefined) {
        current.settle(owed);
        current.flush(Date.now());
      }
    },
    stop() {
      isStopped = true;
      link.resume();
      return inHand.drain();
    },
  };
}

/** MQTT 3.1.1 sends retained messages with every subscription; those of a session that goes on have come before. */
function isWanted(
  { retained }: IntakeOptions,
  { retain }: IPublishPacket,
  isResumed: boolean,
): boolean {
  return !retain || retained === 'always' || (retained === 'new' && !isResumed);
}
