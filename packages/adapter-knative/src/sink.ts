import { isHearthError, type Outgoing, type Publisher, type PublishResult } from '@hearth/core';
import { encodeHttpBinary, type HttpOutput } from '@hearth/core/event';
import { inLanes, oneByOne } from '@hearth/core/ports';
import { overridden } from './overrides.ts';
import { poster, type Poster } from './post.ts';
import { unanswered } from './sink-answer.ts';
import { settingsOf, type SinkOptions, type SinkSettings } from './sink-options.ts';

/** A publisher that holds connections. */
export interface Sink extends Publisher {
  readonly ordered: true;
  /** Closes the connections; what is under way fails. */
  close(): void;
}

/**
 * Sends events to a Knative sink, or to anything else that takes CloudEvents by POST: one request each, partitions at once, the events
 * of a partition one after the other.
 *
 * 2xx is published. 404, 408, 409, 429, 5xx and no answer in time may be tried again; anything else may not, and a redirect is never
 * followed. What the sink answers is not read.
 *
 * @throws {HearthError} `invalid-option` for a missing or wrong URL (`K_SINK`), wrong overrides (`K_CE_OVERRIDES`), a wrong number.
 */
export function sink(options: SinkOptions = {}): Sink {
  const settings = settingsOf(options, process.env);
  const { post, close } = poster(settings);
  return {
    ordered: true,
    close,
    async publish(events) {
      let headers: Readonly<Record<string, string>>;
      try {
        headers = await settings.headers();
      } catch (cause) {
        return events.map(() => unanswered(cause, undefined));
      }
      const send = (outgoing: Outgoing) => sendOne(outgoing, settings, headers, post);
      return inLanes(events, (lane) => oneByOne(lane, send));
    },
  };
}

async function sendOne(
  outgoing: Outgoing,
  settings: SinkSettings,
  more: Readonly<Record<string, string>>,
  post: Poster['post'],
): Promise<PublishResult> {
  try {
    const { headers, body } = messageOf(outgoing, settings);
    const { traceparent } = outgoing;
    const trace = traceparent === undefined ? {} : { traceparent };
    return await post({ headers: { ...more, ...headers, ...trace }, body });
  } catch (error) {
    if (isHearthError(error)) return { outcome: 'failed', error };
    return unanswered(error, undefined);
  }
}

const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };

function messageOf({ event, body }: Outgoing, { mode, overrides }: SinkSettings): HttpOutput {
  if (mode === 'binary') {
    try {
      return encodeHttpBinary(overrides === undefined ? event : { ...event, ...overrides });
    } catch (error) {
      // Data that is labelled as a CloudEvent can only be sent in structured mode.
      if (!isHearthError(error) || error.code !== 'unsupported-media-type') throw error;
    }
  }
  return {
    headers: structured,
    body: overrides === undefined ? body : overridden(body, overrides),
  };
}
