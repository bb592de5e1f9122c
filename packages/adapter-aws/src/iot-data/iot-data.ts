import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { HearthError, isHearthError } from '@hearth/core/event';
import { inLanes, oneByOne } from '@hearth/core/ports';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { atMost } from '../at-most.ts';
import { clientDefaults, lazily } from '../lazily.ts';
import { published, requestFailed } from '../sending/failure.ts';
import { assertPositive, type SendingOptions } from '../sending/options.ts';
import { iotRoutes, type IotRoutes } from './iot-route.ts';
import { publishInput } from './publish-input.ts';

/** Where events go, and how AWS IoT is reached. */
export interface IotDataOptions extends SendingOptions {
  /** Topics by event type; `default` takes every other type. All go to `device/{subject}/{type}` unless given. */
  readonly topics?: IotRoutes;
  /**
   * What becomes of a type that has no topic. `skip`, unless given: it was for the app's own handlers. `fail`: it becomes a dead letter.
   * A dead letter itself (`hearth.deadletter`) is never skipped.
   */
  readonly unrouted?: 'skip' | 'fail';
  /**
   * A client of your own, with your account's endpoint (`https://…-ats.iot.<region>.amazonaws.com`) if you like; otherwise one is made on first
   * use, with the region and the credentials of the environment.
   */
  readonly client?: IoTDataPlaneClient;
}

/**
 * Publishes events to the topics of AWS IoT Core at QoS 1, one request each: partitions at once, the events of a partition one after the
 * other, and none after one that failed.
 *
 * What has a time to live (`expirytime`) is not delivered by the broker after it, nor sent. An event above 128 KiB fails for good
 * (`limit-exceeded`), and so does a topic that is none (`invalid-topic`), an expired event (`expired`), and what AWS IoT finds invalid.
 * It needs `iot:Publish` on the topics, and `iot:RetainPublish` where something is retained.
 *
 * @throws {HearthError} `invalid-topic` for a topic that is none, `invalid-option`.
 */
export function iotData(options: IotDataOptions = {}): Publisher {
  const { topics, unrouted = 'skip', client: given, timeoutMs, concurrency = 16 } = options;
  assertPositive('concurrency', concurrency);
  const routeOf = iotRoutes(topics);
  const limited = atMost(concurrency);
  const open = lazily('@aws-sdk/client-iot-data-plane', 'publisher-unavailable', async () => {
    const sdk = await import('@aws-sdk/client-iot-data-plane');
    return { sdk, client: given ?? new sdk.IoTDataPlaneClient(clientDefaults(timeoutMs)) };
  });

  const send = async (outgoing: Outgoing): Promise<PublishResult> => {
    const { type } = outgoing.event;
    const route = routeOf(type);
    if (route === undefined && unrouted === 'skip' && type !== 'hearth.deadletter') {
      return published;
    }
    try {
      if (route === undefined) throw noTopic(type);
      const input = publishInput(route, outgoing, Date.now());
      const { sdk, client } = await open();
      await limited(() => client.send(new sdk.PublishCommand(input)));
      return published;
    } catch (error) {
      if (isHearthError(error)) return { outcome: 'failed', error };
      return requestFailed(`The topic "${route?.pattern ?? type}"`, error);
    }
  };
  return { ordered: true, publish: (events) => inLanes(events, (lane) => oneByOne(lane, send)) };
}

function noTopic(type: string): HearthError {
  return new HearthError('invalid-option', `No topic is given for "${type}".`, { field: 'topics' });
}
