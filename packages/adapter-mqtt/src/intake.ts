import { setTimeout as wait } from 'node:timers/promises';
import type { App, Runtime } from '@hearth/core';
import type { IPublishPacket } from 'mqtt';
import { acks, type Acks, type Owed } from './acks.ts';
import { batches, type Batches, type InHand } from './batches.ts';
import type { MqttDecoder, MqttMessage } from './decode.ts';
import type { Link, Receiver } from './link.ts';
import type { Retained } from './subscribe.ts';
import { transportIds } from './transport-ids.ts';
import { unconfirmed } from './unconfirmed.ts';
import { requested, speaking } from './wires/speaking.ts';
import type { MqttWire } from './wires/wire.ts';

/** What an intake needs. */
export interface IntakeOptions {
  readonly app: App;
  readonly runtime: Runtime;
  readonly link: Link;
  readonly decode: MqttDecoder;
  readonly wires: readonly MqttWire[];
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

/** One connection. Once it is `superseded` the broker sends again, on a later one, what was not acknowledged on this one. */
interface Connection {
  readonly acks: Acks;
  isSuperseded: boolean;
}

/** A message in hand, the connection that it came by, and what is owed for it there: nothing if its QoS is 0. */
interface Message extends InHand {
  readonly by: Connection;
  readonly owed: Owed | undefined;
}

// How often is looked whether what holds up an acknowledgement has gone.
const heldUpMs = 20;

const comesAgain = ({ by, owed }: Message): boolean => by.isSuperseded && owed !== undefined;

/** Opens an intake. */
export function intake(options: IntakeOptions): Intake {
  const { app, runtime, link, decode, wires, maxBytesInHand } = options;
  const handleAll = speaking(app, runtime, link);
  const ids = transportIds();
  const connection = (): Connection => ({ acks: acks(link.client.stream), isSuperseded: false });
  let current = connection();
  let isResumed = false;
  let isStopped = false;
  let received = 0;

  const isFull = () =>
    !isStopped && (inHand.messages >= 2 * link.inFlight || inHand.bytes >= maxBytesInHand);
  const inHand = batches<Message>({
    handle: (inputs) =>
      handleAll(inputs).catch((error: unknown) => {
        // Only a part of the runtime that must not throw, and did, gets here.
        runtime.logger?.error({ err: error }, 'A batch could not be handled.');
        return [];
      }),
    settle({ by, owed, input: { order = '' } }) {
      if (owed === undefined) return;
      by.acks.settle(owed);
      heard.answered(order);
    },
    room: (key) => heard.room(key),
    postpone(message) {
      if (message.owed !== undefined) message.by.acks.pass(message.owed);
      return !comesAgain(message);
    },
    ended() {
      current.acks.flush(Date.now());
      if (!isFull()) link.resume();
    },
    mostMessages: options.maxBatch,
    backoff: { ...options.retry, random: Math.random },
  });
  const confirm = async () => {
    // An acknowledgement that waits for another one is not on its way yet.
    for (; current.acks.isHeldUp; current.acks.flush(Date.now())) {
      await wait(heldUpMs, undefined, { ref: false });
    }
    await link.confirm();
  };
  const heard = unconfirmed(confirm, () => inHand.goOn());
  const take = (packet: IPublishPacket, owed: Owed | undefined) => {
    // What mqtt.js has parsed has bytes.
    const message = packet as unknown as MqttMessage;
    let id: string | undefined;
    const { topic, payload } = message;
    const delivery = { packetId: owed?.packetId, isRepeated: packet.dup, topic, payload };
    const transportId = () => (id ??= ids.of(delivery));
    const input = requested(wires, message, transportId) ?? decode(message, transportId);
    const bytes = payload.length + topic.length;
    inHand.add(input.order, { input, bytes, serial: received, by: current, owed });
  };
  return {
    batches: inHand,
    isFull,
    get received() {
      return received;
    },
    connected(resumed) {
      isResumed = resumed;
      current.isSuperseded = resumed;
      current = connection();
      // What waits would be held twice. If the broker has forgotten the session, it is all there is.
      if (resumed) inHand.drop(comesAgain);
      else ids.forget();
      heard.reset();
      inHand.goOn();
    },
    message(packet) {
      if (isStopped) return;
      received += 1;
      const { messageId: packetId } = packet;
      const owed =
        packet.qos > 0 && packetId !== undefined
          ? current.acks.owe(packetId, Date.now())
          : undefined;
      if (isWanted(options, packet, isResumed)) take(packet, owed);
      else if (owed !== undefined) {
        current.acks.settle(owed);
        current.acks.flush(Date.now());
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
