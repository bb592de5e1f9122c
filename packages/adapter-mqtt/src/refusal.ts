import { HearthError } from '@hearth/core';

// Return codes of MQTT 3.1.1, then reason codes of MQTT 5 and what OpenSSL says; none of them heals by itself.
const permanent = new Set<unknown>([2, 4, 5, 133, 134, 135, 138, 140, 157]);
const certificates = /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|ERR_SSL_)/;

/** Tells whether a broker said that it does not speak MQTT 5. */
export function isVersionRefused(error: unknown): boolean {
  const code = codeOf(error);
  return code === 1 || code === 132;
}

/** The error of a broker that will not have us, or that we must not trust; `undefined` for whatever may pass. */
export function refusalOf(error: unknown): HearthError | undefined {
  const code = codeOf(error);
  const isCertificate = typeof code === 'string' && certificates.test(code);
  if (!isCertificate && !permanent.has(code)) return undefined;
  const what = isCertificate ? 'TLS with the broker failed' : 'The broker refused the connection';
  return new HearthError('not-permitted', `${what}: ${String(code)}.`, { cause: error });
}

/** The return code, reason code or system error of a failure of mqtt.js. */
export function codeOf(error: unknown): string | number | undefined {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}
