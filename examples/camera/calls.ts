import type { CallFunctions } from '@hearth/core';
import type { classify, push, sign } from './camera.ts';
import { signedUrl, type Secret } from './signing.ts';

/** The functions behind the calls of the app. */
export type Calls = CallFunctions<typeof classify | typeof push | typeof sign>;

/** Where they are. The addresses and the secret are asked for when they are needed. */
export interface Services {
  readonly classifier: () => string;
  readonly push: () => string;
  /** What hands out clips to whoever has a signed link. */
  readonly clips: () => string;
  readonly secret: Secret;
}

const linkMs = 300_000;

/** Performs the calls over HTTP; the idempotency key goes along, so that nobody gets a message twice. */
export function callsOf({ classifier, push, clips, secret }: Services): Calls {
  return {
    'com.acme.classify': async (request, { signal }) =>
      (await post(classifier(), request, signal)) as { label: string },
    'com.acme.push': async (request, { signal, idempotencyKey }) => {
      await post(push(), request, signal, { 'idempotency-key': idempotencyKey });
      return {};
    },
    'com.acme.sign': async ({ clip }) => ({
      url: signedUrl(clips(), clip, Date.now() + linkMs, secret),
    }),
  };
}

async function post(
  url: string,
  body: object,
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...more };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}.`);
  return answer.status === 204 ? undefined : await answer.json();
}
