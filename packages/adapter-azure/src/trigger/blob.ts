import { HearthError, type App, type Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import {
  carefully,
  messageInput,
  topicMap,
  type TopicMap,
  type TopicPrincipal,
  type TopicRules,
  recordOf,
} from '@hearth/core/trigger';
import type { FunctionContext } from './context.ts';
import { decodeEventGrid, type EventGridFunction } from './event-grid.ts';
import { gridEvent, type GridEvent } from './grid-message.ts';
import { handleOrThrow } from './handling.ts';
import { runtimeOf, type AzureOptions } from './options.ts';
import { hopOf } from './trace.ts';

/** What lies where in a storage account. */
export interface BlobDecodeOptions {
  /**
   * What a stored blob becomes, by patterns of `<container>/<name>` such as `clips/{device}/{clip}`; the first that matches counts, and
   * what none matches is rejected. A `{…}` is a level of the name, whatever signs it has. Unless a pattern has `data`, the event's data is a
   * `StoredBlob`.
   */
  readonly blobs: TopicRules;
  /**
   * Who stores: `topic` if each device has a signature for `…/{device}/…` only, or one principal, if only that one can write there. Without
   * it everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: TopicPrincipal;
  readonly limits?: Partial<Limits>;
}

/** What is known of a blob that was stored. */
export interface StoredBlob {
  readonly url: string;
  readonly container: string;
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly etag: string;
}

/** What `blob` takes. */
export interface BlobOptions extends AzureOptions, BlobDecodeOptions {}

/**
 * Runs an app on the blobs that are stored in a storage account, of which Event Grid tells: `app.eventGrid('clips', blob(home, { … }))`.
 * Works as `eventGrid`, to which it leaves every event but `Microsoft.Storage.BlobCreated`.
 *
 * Subscribe to the storage account's own topic: whoever can publish to another one can tell of blobs that are none.
 */
export function blob(app: App, options: BlobOptions): EventGridFunction {
  const runtime = { redeliveryAgeMs: 86_400_000, ...runtimeOf(options, isProved(options)) };
  const { timeoutMs: withinMs = 25_000 } = options;
  const read = reader(options);
  return {
    async handler(event, context) {
      const inputs = read(event, context);
      await handleOrThrow(app, inputs, runtime, context, { withinMs });
    },
  };
}

/** Whether anything says who stores. */
function isProved({ blobs, principal }: BlobDecodeOptions): boolean {
  return principal !== undefined || Object.values(blobs).some((rule) => rule.principal);
}

/**
 * Reads an event of Event Grid into an input, as `blob` does; it throws for patterns only.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for patterns that cannot be used.
 */
export function decodeBlob(
  event: unknown,
  context: FunctionContext,
  options: BlobDecodeOptions,
): readonly [Input] {
  return reader(options)(event, context);
}

/** Compiles patterns into a reader, which never throws. */
function reader(
  options: BlobDecodeOptions,
): (event: unknown, context: FunctionContext) => readonly [Input] {
  const { blobs, principal = 'anonymous', limits = {} } = options;
  const places = topicMap(blobs, { principal, scheme: 'blob', spelling: 'raw' });
  const inputsOf = (event: unknown, context: FunctionContext): readonly [Input] => {
    const grid = gridEvent(event);
    if (grid.type !== 'Microsoft.Storage.BlobCreated') {
      const from = typeof principal === 'object' ? { principal } : {};
      return decodeEventGrid(event, context, { ...from, limits });
    }
    const place = placeOf(grid, places);
    const { id, time } = grid;
    const common = { id, limits, traceparent: hopOf(context) };
    if ('code' in place) return [messageInput({ ...common, json: grid.json, principal: place })];
    const { at, stored } = place;
    const otherwise = 'type' in at.otherwise ? { ...at.otherwise, time } : at.otherwise;
    return [messageInput({ ...common, json: stored, otherwise, principal: at.sender() })];
  };
  return (event, context) => carefully(event, () => inputsOf(event, context));
}

const path = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/su;

/** The place of a blob and what is known of it, or the reason why it cannot be told. */
function placeOf({ subject = '', data }: GridEvent, places: TopicMap) {
  const [, container = '', name = ''] = path.exec(subject) ?? [];
  if (container === '') {
    const message = '"subject" must be the path of a blob in a container.';
    return new HearthError('invalid-event', message, { field: 'subject' });
  }
  const { url, contentType, contentLength, eTag } = recordOf(data);
  const known = { url, container, name, contentType, sizeBytes: contentLength, etag: eTag };
  return { at: places.at(`${container}/${name}`), stored: known };
}
