import type { Packet } from 'mqtt-packet';
import { expect, it, onTestFinished } from 'vitest';
import { gateway } from '../test/gateway.ts';
import { scriptedBroker } from '../test/scripted-broker.ts';
import { reading } from '../test/thermostat.ts';
import { until } from '../test/until.ts';

/** A broker that keeps the session, but hears nothing on the first connection and answers no ping there. */
async function hardOfHearing() {
  let connections = 0;
  const broker = await scriptedBroker({
    answer({ cmd }: Packet) {
      if (cmd === 'connect') {
        connections += 1;
        return [{ cmd: 'connack', reasonCode: 0, sessionPresent: connections > 1 }];
      }
      return cmd === 'pingreq' && connections === 1 ? [] : undefined;
    },
  });
  onTestFinished(() => broker.stop());
  const send = (count: number, dup: boolean) => {
    for (let id = 1; id <= count; id += 1) {
      const payload = reading('t1', `${id}`, 1000 + id);
      const topic = 'device/t1/events';
      broker.send({ cmd: 'publish', topic, payload, qos: 1, dup, retain: false, messageId: id });
    }
  };
  return { broker, send, connections: () => connections };
}

it('does a device’s messages once although all acknowledgements were lost, however many they are', async () => {
  const { broker, send, connections } = await hardOfHearing();
  const { trigger, heard, answered } = gateway(broker.url);
  await trigger.ready;
  send(200, false);
  await answered(32);
  // What else could be done is done first.
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(trigger.stats()).toMatchObject({ done: 32, inHand: 168 });
  broker.drop();
  await until(() => connections() === 2 && trigger.stats().inHand === 0);
  send(200, true);
  await answered(32 + 200);
  expect(await heard('t1')).toEqual(Array.from({ length: 200 }, (_, index) => 1001 + index));
});
