import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { HearthError, type App, type Runtime } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import {
  httpBusy,
  httpFailure,
  httpHandling,
  warnOfAnonymous,
  type HttpAnswer,
} from '@hearth/core/trigger';
import { nodeRuntime } from '@hearth/node';
import { discard } from './body.ts';
import { gather } from './gather.ts';
import { livenessPath, readinessPath, storeCheck } from './health.ts';
import type { KnativeOptions } from './options.ts';
import { quietly } from './quietly.ts';
import { receiver } from './receive.ts';

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
  const { maxRequests = 1000, deadlineMs = 1, limits, authenticate } = options;
  assertPositive('maxRequests', maxRequests);
  assertPositive('deadlineMs', deadlineMs);
  const maxBytes = limits?.maxBytes ?? defaultLimits.maxBytes;
  const answerTo = answers(app, options, runtime);
  let open = 0;
  let isDraining = false;
  if (authenticate === undefined) warnOfAnonymous(runtime, 'authenticate');
  const leave = () => {
    open -= 1;
  };
  return {
    listener(request, response) {
      open += 1;
      response.on('close', leave);
      const send = (answer: HttpAnswer) => {
        if (isDraining) response.shouldKeepAlive = false;
        write(response, answer);
        discard(request, maxBytes);
      };
      answerTo(request, { isBusy: open > maxRequests, isDraining })
        .then(send)
        .catch((error: unknown) => {
          // Whatever it is, it must not end the process; the sender finds the connection cut and tries again.
          httpFailure(error, runtime);
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
  const { deadlineMs = 25_000, rejected } = options;
  const handleInputs = httpHandling(app, runtime, { deadlineMs, rejected });
  const receive = receiver(app, options, runtime, gather(handleInputs, { inputs: 100, calls: 32 }));
  const storeAnswers = storeCheck(runtime.store, runtime.clock);

  return async (request: IncomingMessage, state: State): Promise<HttpAnswer> => {
    const { method, url = '' } = request;
    if (method === 'POST' && state.isBusy) return busy(runtime);
    const path = method === 'GET' || method === 'HEAD' ? url.split('?', 1)[0] : undefined;
    if (path === livenessPath) return { status: 200 };
    if (path === readinessPath) {
      return { status: !state.isDraining && (await storeAnswers()) ? 200 : 503 };
    }
    return receive(request);
  };
}

function busy({ count }: Runtime): HttpAnswer {
  quietly(() => count?.('refused', 1, { status: String(httpBusy.status) }));
  return httpBusy;
}

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  if (response.destroyed) return;
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] as string);
  // The head is written with the body, so that Node knows its length and sends no chunks.
  response.end(body);
}

function assertPositive(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new HearthError('invalid-option', `"${field}" must be a positive integer.`, { field });
}
