import { HearthError } from '@hearth/core';
import { overridesOf, type Overrides } from './overrides.ts';

/** Where and how events are sent. What is absent is taken from the environment that Knative sets, where it sets one. */
export interface SinkOptions {
  /** An http or https URL; `K_SINK` unless given. */
  readonly url?: string;
  /** `structured` (the default) sends the stored bytes; `binary` sends attributes as headers and the data as the body. */
  readonly mode?: 'structured' | 'binary';
  /** Extensions for every event; those of `K_CE_OVERRIDES` unless given. A structured event is then sent with exactly these in addition. */
  readonly overrides?: Overrides;
  /** Certificates (PEM) of an authority to trust besides those of Node.js; `K_CA_CERTS` unless given. */
  readonly ca?: string;
  /** More headers, asked for before each call, such as `authorization` with a fresh token. */
  readonly headers?: () =>
    | Readonly<Record<string, string>>
    | Promise<Readonly<Record<string, string>>>;
  /** Requests at once. 64 unless given. */
  readonly concurrency?: number;
  /** How long one request may take from when it has a connection, in ms. 10,000 unless given. */
  readonly timeoutMs?: number;
}

/** The options with the environment and the defaults in them. */
export interface SinkSettings {
  readonly url: URL;
  readonly mode: 'structured' | 'binary';
  readonly overrides: Overrides | undefined;
  readonly ca: string | undefined;
  readonly headers: NonNullable<SinkOptions['headers']>;
  readonly concurrency: number;
  readonly timeoutMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {HearthError} `invalid-option`. */
export function settingsOf(options: SinkOptions, environment: Environment): SinkSettings {
  const {
    mode = 'structured',
    headers = () => ({}),
    concurrency = 64,
    timeoutMs = 10_000,
  } = options;
  assertPositive('concurrency', concurrency);
  assertPositive('timeoutMs', timeoutMs);
  return {
    url: urlOf(options.url ?? environment['K_SINK']),
    mode,
    overrides: options.overrides ?? overridesOf(environment['K_CE_OVERRIDES']),
    ca: options.ca ?? (environment['K_CA_CERTS'] || undefined),
    headers,
    concurrency,
    timeoutMs,
  };
}

function urlOf(text: string | undefined): URL {
  if (text === undefined || text === '') {
    throw invalid(
      'url',
      'is missing: bind the service to a sink (SinkBinding sets K_SINK), or give it',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalid('url', 'must be an http or https URL');
  }
  // They would end up in logs and in proxies.
  if (url.username !== '' || url.password !== '') {
    throw invalid('url', 'must hold no credentials: send them by "headers"');
  }
  return url;
}

function assertPositive(field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(field, 'must be a positive integer');
}

function invalid(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" of the sink ${fix}.`, { field });
}
