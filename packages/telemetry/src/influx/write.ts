import { HearthError, isHearthError } from '@hearth/core';

/** Where lines are written to. */
export interface Target {
  readonly url: string;
  readonly token: (() => string | Promise<string>) | undefined;
  readonly timeoutMs: number;
}

/**
 * What became of a request. `refused`: something in it is wrong, and what else is in it may or may not have been taken. `failed`: nobody
 * can say more than that all of it has to be sent again, or none of it.
 */
export type Written =
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'refused' | 'failed'; readonly error: HearthError };

/** Writes lines with one request; it never rejects. */
export async function writeLines(target: Target, body: string): Promise<Written> {
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        ...(target.token === undefined ? {} : { authorization: `Token ${await target.token()}` }),
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(target.timeoutMs),
    });
    const text = await response.text();
    return response.ok ? { outcome: 'taken' } : answerOf(response.status, text);
  } catch (cause) {
    if (isHearthError(cause)) return { outcome: 'failed', error: cause };
    return { outcome: 'failed', error: unavailable('InfluxDB did not answer', cause) };
  }
}

// What InfluxDB says of data quotes it, so only these words of it are passed on.
const known =
  /field type conflict|unable to parse|points? beyond retention policy|max-(?:series|values)[\w-]*|outside retention/i;

function answerOf(status: number, text: string): Written {
  const why = known.exec(text)?.[0].toLowerCase();
  const said = `InfluxDB answered ${status}${why === undefined ? '' : ` (${why})`}`;
  switch (status) {
    case 400:
    case 422:
      return refused(new HearthError('invalid-data', `${said}: it does not take a point.`));
    case 413:
      return refused(new HearthError('limit-exceeded', `${said}: the points are too large.`));
    case 401:
    case 403: {
      const message = `${said}: the token may not write there.`;
      const error = new HearthError('not-permitted', message, { retryable: true, field: 'token' });
      return { outcome: 'failed', error };
    }
    case 404: {
      const message = `${said}: there is no such database or bucket.`;
      const error = new HearthError('not-found', message, { retryable: true, field: 'url' });
      return { outcome: 'failed', error };
    }
    default:
      return { outcome: 'failed', error: unavailable(said) };
  }
}

const refused = (error: HearthError): Written => ({ outcome: 'refused', error });

function unavailable(what: string, cause?: unknown): HearthError {
  return new HearthError('publisher-unavailable', `${what}.`, { retryable: true, cause });
}
