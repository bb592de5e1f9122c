import { HearthError, type App, type Shard } from '@hearth/core';
import { httpSender, sweepAll, type HttpAnswer } from '@hearth/core/trigger';
import { googleCaller, type GoogleCaller } from './google-caller.ts';
import { httpFunction, postOnly, refusalOf, type HttpFunction } from './http-function.ts';
import { runtimeOf, timed, type GcpOptions } from './options.ts';

/** Who may make the app sweep. */
export interface ScheduleOptions extends GcpOptions {
  /** Whose calls are let in: the service account of the job's `oidc_token`, and that of the tasks of `cloudTasksWake`. */
  readonly caller: GoogleCaller;
  /** Records of one sweep; 1,000 unless given. While more are due, the next sweep follows at once. */
  readonly limit?: number;
}

/**
 * Runs what is due, timers and outputs that were left behind, when Cloud Scheduler calls, or a task that `cloudTasksWake` has made:
 * `functions.http('sweep', schedule(home, { … }))`. Give the other triggers `sweep: true`, for then they need not wait for every delivery.
 *
 * `?shard=0/4` in the URL of a job makes it sweep the first of four parts; without it all is swept. It is answered with 204 when nothing more is due or
 * the time is over, and with 503 when what is due could not be read: a task is then called again, and the next tick of the job sweeps
 * again. A call without a valid token is answered with 401, a shard that is none with 400.
 *
 * @throws {HearthError} `invalid-option` for a caller that nobody can be.
 */
export function schedule(app: App, options: ScheduleOptions): HttpFunction {
  const runtime = runtimeOf(options, 86_400_000, true);
  const caller = googleCaller(options.caller);
  const { limit, timeoutMs } = options;
  return httpFunction(runtime, async (request) => {
    if (request.method !== 'POST') return postOnly;
    const within = timed(runtime, timeoutMs);
    const refused = refusalOf(await httpSender(caller, request, within));
    if (refused !== undefined) return refused;
    const shard = shardIn(request.url ?? '');
    return sweepAll(app, within, { shard, limit }).then(
      () => swept,
      () => unreadable,
    );
  });
}

const swept: HttpAnswer = { status: 204 };
const unreadable: HttpAnswer = { status: 503 };

function shardIn(url: string): Shard | undefined {
  const text = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('shard');
  if (!url.includes('?') || text === null) return undefined;
  const [index = Number.NaN, of = Number.NaN] = /^\d{1,4}\/\d{1,4}$/.test(text)
    ? text.split('/').map(Number)
    : [];
  if (index < of) return { index, of };
  const message = '"shard" must be <index>/<of>, such as 0/4.';
  throw new HearthError('invalid-event', message, { field: 'shard' });
}
