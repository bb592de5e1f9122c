/**
 * Who is speaking, as the channel proved it: a client certificate, a property set by the broker, a verified token; never payload or `source`.
 *
 * `device`, `hub` and `user` speak for what `speaksFor` grants them. `service` is a trusted backend. `app` is this app itself (what it
 * emitted comes back to it). `anonymous` has proved nothing and speaks for nothing.
 *
 * `credential` is what it proved itself with, where the channel tells: the fingerprint or the id of a certificate, the id of a token. It
 * grants nothing; the rotation of credentials learns from it which key a device holds.
 */
export interface Principal {
  readonly kind: 'device' | 'hub' | 'user' | 'service' | 'app' | 'anonymous';
  readonly id: string;
  readonly credential?: string;
}

/** Who has proved nothing. */
export const anonymous: Principal = { kind: 'anonymous', id: '' };

/** Tells whether something has the shape of a principal: functions of users may be JavaScript. */
export function isPrincipal(value: unknown): value is Principal {
  const { kind, id, credential } = Object(value) as Partial<Principal>;
  if (credential !== undefined && typeof credential !== 'string') return false;
  return typeof kind === 'string' && typeof id === 'string';
}

/** Decides, at once, whether a principal may say something about a subject. It is not asked about the app. */
export type SpeaksFor = (principal: Principal, subject: string) => boolean;

/** A device speaks for itself; a service and the app speak for everything; a hub or user needs an app that says what for. */
export const speaksForItself: SpeaksFor = (principal, subject) =>
  principal.kind === 'service' || principal.kind === 'app'
    ? true
    : principal.kind === 'device' && principal.id === subject;
