import { HearthError, isHearthError } from '@hearth/core/event';

/**
 * What went wrong in PostgreSQL. `again`: a deadlock or a clash of transactions, nothing was done, and the same statement may succeed at
 * once. `refused`: nothing was done. `lost`: the connection broke or was silent for too long, so that nobody knows.
 */
export interface PostgresFailure {
  readonly kind: 'again' | 'refused' | 'lost';
  readonly error: HearthError;
}

const readOnly = '25006';

// https://www.postgresql.org/docs/current/errcodes-appendix.html: by code, else by its class (the first two signs).
const reasons: Readonly<Record<string, readonly [PostgresFailure['kind'], string]>> = {
  '40001': ['again', 'was changed by another transaction'],
  '40P01': ['again', 'broke a deadlock'],
  '55P03': ['again', 'holds a lock'],
  '57014': ['refused', 'canceled the statement'],
  [readOnly]: ['refused', 'takes no writes, as a standby does'],
  '28': ['refused', 'does not let this user in'],
  '42': ['refused', 'does not know or permit what was asked for'],
  '53': ['refused', 'has no room or connection left'],
  // After these the connection ends. A commit may have been waiting for a standby by then.
  '57': ['lost', 'was shut down'],
  '08': ['lost', 'lost the connection'],
};

// What can be mended while we wait. A missing table is mended by whoever runs the migrations.
const permanent = new Set(['22', '28']);

/** Names what the database or its driver reported. An error without an SQLSTATE came from the connection. */
export function failureOf(cause: unknown): PostgresFailure {
  if (isHearthError(cause)) return { kind: 'refused', error: cause };
  const { code, message } = Object(cause) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  const kindOf = state === undefined ? undefined : (reasons[state] ?? reasons[state.slice(0, 2)]);
  const [kind, what] = kindOf ?? (state === undefined ? lost : refused);
  const retryable = state === undefined || !permanent.has(state.slice(0, 2));
  const detail = [state, typeof message === 'string' ? message : undefined].filter(Boolean);
  const text = `PostgreSQL ${what}${detail.length === 0 ? '' : ` (${detail.join(': ')})`}.`;
  return { kind, error: new HearthError('store-unavailable', text, { retryable, cause }) };
}

const lost = ['lost', 'lost the connection'] as const;
const refused = ['refused', 'refused the statement'] as const;

/**
 * Whether the connection is of no use after this. After a time limit the answer may still come, and must not be taken for that of the
 * next statement; a server that was the primary and has become a standby stays one for as long as the connection is kept.
 */
export function endsConnection(cause: unknown): boolean {
  const { code } = Object(cause) as { readonly code?: unknown };
  return code === readOnly || failureOf(cause).kind === 'lost';
}
