import { invalid, type HearthError } from './error.ts';

const foreignCharset = /charset=(?!"?(?:utf-?8|us-ascii))/i;

/** A media type that a header can carry (RFC 2046, RFC 9110 §8.3.1). */
export const mediaType =
  /^[!#-'*+.\w^`|~-]+\/[!#-'*+.\w^`|~-]+(?:[ \t]*;[ \t]*[!#-'*+.\w^`|~-]+=(?:[!#-'*+.\w^`|~-]+|"(?:[ !#-[\]-~]|\\[ -~])*"))*$/;

/** What data of a media type is made of. */
export type Kind = 'json' | 'text' | 'bytes';

/**
 * Tells what data of this type is made of.
 *
 * It is JSON if the subtype is `json` or ends in `+json`, or there is no type at all (CloudEvents
 * 1.0.2 JSON format §3.1.1), and text if UTF-8 bytes can carry it.
 */
export function kindOf(type = 'a/json'): Kind {
  const match = /^(?:[^;]*[/+](?:xml|(json)) *(?:;|$)|text\/)/i.exec(type);
  if (match?.[1]) return 'json';
  return match && !foreignCharset.test(type) ? 'text' : 'bytes';
}

/**
 * Tells which JSON format of CloudEvents a content type names; `undefined` if it is not one.
 *
 * CloudEvents 1.0.2 HTTP binding §3, MQTT binding §3: whatever begins with the media type is meant
 * to be one, so what begins with it and cannot be read is refused, not taken for plain data.
 *
 * @throws {HearthError} `unsupported-media-type` for another format or charset.
 */
export function formatOf(type: string | undefined): 'structured' | 'batch' | undefined {
  const match = /^\s*application\/cloudevents(-batch)?(\+json *(?:;|$))?/i.exec(type ?? '');
  if (!match) return undefined;
  if (match[2] && !foreignCharset.test(type as string)) return match[1] ? 'batch' : 'structured';
  throw unsupported();
}

/** Makes the error of a message that holds no CloudEvent, or one that cannot be read. */
export function unsupported(): HearthError {
  return invalid(
    'content-type',
    'must be of a CloudEvent, as JSON in UTF-8',
    'unsupported-media-type',
  );
}
