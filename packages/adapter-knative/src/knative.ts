import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { HearthError, isHearthError, type App, type Runtime } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import { nodeRuntime } from '@hearth/node';
import { busy, refusalOf, type Answer } from './answer.ts';
import { discard } from './body.ts';
import { gather } from './gather.ts';
import { handling } from './handling.ts';
import { livenessPath, readinessPath, storeCheck } from './health.ts';
import type { KnativeOptions } from './options.ts';
import { quietly } from './quietly.ts';
import { receiver } from './receive.ts';
import { handshakes } from './webhook.ts';

/**
 * Runs an app behind a `node:http` server of your own: gives its request listener.
 *
 * It takes CloudEvents in binary and structured mode by POST on any path, and answers GET of `/health/liveness` and
 * `/health/readiness`. Nothing before it may read bodies. `serve` adds a server with time limits, a sweep, and draining.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function knative(app: App, options: KnativeOptions): RequestListener {
  return trigger(app, options, nodeRuntime(options)).listener;
}

/** A request listener, and what a server tells it. */
export interface Trigger {
  readonly listener: RequestListener;
  /** From now on it is not ready, and each answer ends its connection. */
  drain(): void;
}

/** What `knative` and `serve` have in common. */
export function trigger(app: App, options: KnativeOptions, runtime: Runtime): Trigger {
  const { maxRequests = 1000, deadlineMs = 1, limits, auth, speaksFor } = options;
  assertPositive('maxRequests', maxRequests);
  assertPositive('deadlineMs', deadlineMs);
  const maxBytes = limits?.maxBytes ?? defaultLimits.maxBytes;
  const answerTo = answers(app, options, runtime);
  let open = 0;
  let isDraining = false;
  if (auth === undefined && speaksFor === undefined) {
    runtime.logger?.warn({ field: 'auth' }, 'Without "auth" everybody is anonymous and rejected.');
  }
  const leave = () => {
    open -= 1;
  };
  return {
    listener(request, response) {
      open += 1;
      response.on('close', leave);
      const send = (answer: Answer) => {
        if (isDraining) response.shouldKeepAlive = false;
        write(response, answer);
        discard(request, maxBytes);
        countRefusal(answer, runtime);
      };
      answerTo(request, { isBusy: open > maxRequests, isDraining })
        .then(send, (error: unknown) => send(failure(error, runtime)))
        .catch((error: unknown) => {
          // Whatever it is, it must not end the process; the sender finds the connection cut and tries again.
          failure(error, runtime);
          response.destroy();
        });
    },
    drain() {
      isDraining = true;
    },
  };
}

interface State {
  readonly isBusy: boolean;
  readonly isDraining: boolean;
}

function answers(app: App, options: KnativeOptions, runtime: Runtime) {
  const handleInputs = gather(handling(app, options, runtime), { inputs: 100, calls: 32 });
  const receive = receiver(app, options, runtime, handleInputs);
  const handshake = options.webhook === undefined ? undefined : handshakes(options.webhook);
  const storeAnswers = storeCheck(runtime.store, runtime.clock);
  const allow = handshake === undefined ? 'POST' : 'POST, OPTIONS';

  return async (request: IncomingMessage, state: State): Promise<Answer> => {
    const { method, url = '' } = request;
    if (method === 'POST') return state.isBusy ? busy : receive(request);
    const path = method === 'GET' || method === 'HEAD' ? url.split('?', 1)[0] : undefined;
    if (path === livenessPath) return { status: 200 };
    if (path === readinessPath) {
      return { status: !state.isDraining && (await storeAnswers()) ? 200 : 503 };
    }
    if (method === 'OPTIONS' && handshake !== undefined) return handshake(request.headers);
    return { status: 405, headers: { allow } };
  };
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] as string);
  // The head is written with the body, so that Node knows its length and sends no chunks.
  response.end(body);
}

/** The answer to a request that could not be read; anything else that goes wrong is a bug, and the sender is to try again. */
function failure(error: unknown, { logger }: Runtime): Answer {
  if (!isHearthError(error)) {
    quietly(() => logger?.error({ err: error }, 'A request could not be answered.'));
    return { status: 500 };
  }
  const { code, field, message } = error;
  const answer = refusalOf(error);
  const fields = { reason: code, field, status: answer.status };
  quietly(() => logger?.info(fields, `A request was refused: ${message}`));
  return answer;
}

function countRefusal({ status }: Answer, { count }: Runtime): void {
  if (status < 400 || status >= 500) return;
  quietly(() => count?.('refused', 1, { status: String(status) }));
}

function assertPositive(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new HearthError('invalid-option', `"${field}" must be a positive integer.`, { field });
}
