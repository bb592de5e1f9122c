/**
 * Who is speaking, as the channel proved it: a client certificate, a property set by the broker, a verified token; never payload or `source`.
 *
 * `device`, `hub` and `user` speak for what `speaksFor` grants them. `service` is a trusted backend. `app` is this app itself (what it
 * emitted comes back to it). `anonymous` has proved nothing and speaks for nothing.
 */
export interface Principal {
  readonly kind: 'device' | 'hub' | 'user' | 'service' | 'app' | 'anonymous';
  readonly id: string;
}

/** Who has proved nothing. */
export const anonymous: Principal = { kind: 'anonymous', id: '' };

/** Tells whether something has the shape of a principal: functions of users may be JavaScript. */
export function isPrincipal(value: unknown): value is Principal {
  const { kind, id } = Object(value) as Partial<Principal>;
  return typeof kind === 'string' && typeof id === 'string';
}

/** Decides, at once, whether a principal may say something about a subject. It is not asked about the app. */
export type SpeaksFor = (principal: Principal, subject: string) => boolean;

/** A device speaks for itself; a service and the app speak for everything; a hub or user needs an app that says what for. */
export const speaksForItself: SpeaksFor = (principal, subject) =>
  principal.kind === 'service' || principal.kind === 'app'
    ? true
    : principal.kind === 'device' && principal.id === subject;
