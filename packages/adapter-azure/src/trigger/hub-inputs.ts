import type { Input } from '@hearth/core';
import { carefully, recordOf, textOf } from '@hearth/core/trigger';
import type { FunctionContext } from './context.ts';
import { readMessage, type AzureMessage, type MessageOptions, type Native } from './message.ts';
import { digitsOf, instantOf, listOf } from './metadata.ts';
import { hopOf } from './trace.ts';

/** Where a batch comes from. */
export interface HubPartition {
  readonly eventHubName: string;
  readonly partitionId: string;
}

/** What a trigger knows of a message of its hub. */
export type NativeOf = (
  message: AzureMessage,
  partition: HubPartition,
) => Pick<Native, 'source' | 'order'>;

/** Reads a batch of Event Hubs, whose metadata are lists beside the bodies, into inputs; never throws. */
export function hubInputs(
  messages: unknown,
  context: FunctionContext,
  options: MessageOptions,
  nativeOf: NativeOf,
): readonly Input[] {
  const metadata = recordOf(context.triggerMetadata);
  const { partitionId, eventHubName } = recordOf(metadata['partitionContext']);
  const partition = {
    eventHubName: textOf(eventHubName) ?? '',
    partitionId: textOf(partitionId) ?? '',
  };
  const at = (name: string, index: number): unknown => listOf(metadata[name])[index];
  const inputOf = (body: unknown, index: number) => {
    const systemProperties = recordOf(at('systemPropertiesArray', index));
    const message: AzureMessage = {
      body,
      properties: recordOf(at('propertiesArray', index)),
      systemProperties,
      contentType: textOf(systemProperties['content-type']),
      key: textOf(at('partitionKeyArray', index)),
    };
    const time = instantOf(at('enqueuedTimeUtcArray', index));
    const native = {
      ...nativeOf(message, partition),
      id: idOf(partition, at('sequenceNumberArray', index), time),
      time,
      traceparent: hopOf(context, message.properties),
    };
    return readMessage(message, native, options);
  };
  return (Array.isArray(messages) ? messages : [messages]).flatMap((body: unknown, index) =>
    carefully(body, () => [inputOf(body, index)]),
  );
}

/** The id of a message where it lies. A hub that fails over to another region counts anew, hence the instant. */
function idOf({ partitionId }: HubPartition, sequence: unknown, time = ''): string | undefined {
  const number = digitsOf(sequence);
  return number === undefined ? undefined : [partitionId, number, Date.parse(time)].join('.');
}
