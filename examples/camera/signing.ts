import { createHmac, timingSafeEqual } from 'node:crypto';

/** The secret with which links are signed, asked for whenever it is needed. */
export type Secret = () => string;

/** A link to a clip that works until `untilMs` (ms since the epoch). */
export function signedUrl(base: string, clip: string, untilMs: number, secret: Secret): string {
  const query = new URLSearchParams({ until: String(untilMs), by: proof(clip, untilMs, secret) });
  return `${base}/clips/${clip.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`;
}

/** The clip that a signed link leads to; `undefined` if its time is over or somebody has changed it. */
export function clipOf(url: string, now: number, secret: Secret): string | undefined {
  const { pathname, searchParams } = new URL(url, 'http://local');
  const clip = pathname
    .replace(/^\/clips\//, '')
    .split('/')
    .map(decodeURIComponent)
    .join('/');
  const untilMs = Number(searchParams.get('until'));
  const [given, right] = [searchParams.get('by') ?? '', proof(clip, untilMs, secret)];
  const isRight =
    given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right));
  return isRight && now < untilMs ? clip : undefined;
}

function proof(clip: string, untilMs: number, secret: Secret): string {
  return createHmac('sha256', secret()).update(`${untilMs} ${clip}`).digest('base64url');
}
