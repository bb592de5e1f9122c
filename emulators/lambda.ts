import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A function to run as Lambda does. */
export interface LambdaOptions {
  /** The module of the handler: a URL of a `.ts` or `.mjs` file. */
  readonly module: URL;
  /** The name under which the module exports the handler: `handler` unless given. */
  readonly handler?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long an invocation may take (ms): 3,000 unless given. Then the process is killed, and the next invocation gets a new one. */
  readonly timeoutMs?: number;
}

/** What one invocation brings besides its event. */
export interface LambdaInvocation {
  /** `context.clientContext`. */
  readonly clientContext?: unknown;
  /** How long it may take (ms), in place of the function's own timeout. */
  readonly timeoutMs?: number;
  /** The value of `_X_AMZN_TRACE_ID`. */
  readonly traceId?: string;
}

/** A function in the real Node.js runtime interface client of Lambda. */
export interface Lambda {
  /** Invokes it and resolves with what it answers. One invocation at a time, as in an execution environment; others wait. */
  invoke(event: unknown, invocation?: LambdaInvocation): Promise<unknown>;
  /** What its processes have written to standard output so far. */
  output(): string;
  stop(): Promise<void>;
}

/** An invocation failed: `errorType` and the message are those of the runtime. */
export class LambdaFailure extends Error {
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(message);
    this.errorType = errorType;
  }
}

interface Pending {
  readonly id: string;
  readonly body: string;
  readonly invocation: LambdaInvocation;
  readonly timeoutMs: number;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

const ric = new URL('./node_modules/aws-lambda-ric/index.mjs', import.meta.url);
const nativeClient = new URL('./lambda-client.ts', import.meta.url);

/**
 * Starts a Runtime API and, with the first invocation, the runtime interface client in a process of its own.
 *
 * Real: loading of the handler, the context, what is done with answers and errors, the log. Not real: the limits of size, of memory and
 * of concurrency. A process that has ended is replaced, as Lambda does.
 */
export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-lambda-'));
  const { module, handler = 'handler' } = options;
  writeFileSync(
    join(folder, 'index.mjs'),
    `export { ${handler} } from ${JSON.stringify(module.href)};`,
  );
  const api = runtimeApi();
  const server = createServer(api.answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let child: ChildProcess | undefined;
  let output = '';
  let last: Promise<unknown> = Promise.resolve();

  const start = () => {
    const args = ['--import', nativeClient.href, fileURLToPath(ric), `index.${handler}`];
    const env = {
      ...process.env,
      ...surroundings(port, folder, `index.${handler}`),
      ...options.env,
    };
    const started = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    started.once('exit', (code, signal) => {
      // One that was killed has been replaced already.
      if (child !== started) return;
      child = undefined;
      api.died(`Runtime exited with ${signal ?? code}`);
    });
    return started;
  };
  return {
    invoke(event, invocation = {}) {
      const one = last.then(() => {
        child ??= start();
        const timeoutMs = invocation.timeoutMs ?? options.timeoutMs ?? 3000;
        return api.invoke(event, invocation, timeoutMs, () => {
          child?.kill('SIGKILL');
          child = undefined;
        });
      });
      last = one.catch(() => undefined);
      return one;
    },
    output: () => output,
    async stop() {
      if (child !== undefined) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What Lambda sets in the environment of a function. */
function surroundings(port: number, folder: string, handler: string): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_FUNCTION_NAME: 'hearth',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hearth',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: 'eu-central-1',
  };
}

/** Lambda gives a process this long to ask for its first event. */
const startMs = 10_000;

/** The Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
function runtimeApi() {
  let current: Pending | undefined;
  let idle: ServerResponse | undefined;
  let timer: NodeJS.Timeout | undefined;
  let kill: () => void = () => undefined;
  let count = 0;

  const settle = (act: (pending: Pending) => void) => {
    clearTimeout(timer);
    const settled = current;
    current = undefined;
    if (settled !== undefined) act(settled);
  };
  const fail = (errorType: string, message: string) => {
    settle(({ reject }) => {
      reject(new LambdaFailure(errorType, message));
    });
  };
  const expire = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      idle = undefined;
      kill();
      fail('Sandbox.Timedout', `Task timed out after ${(ms / 1000).toFixed(2)} seconds`);
    }, ms);
  };
  const hand = () => {
    if (idle === undefined || current === undefined) return;
    expire(current.timeoutMs);
    idle.writeHead(200, headersOf(current)).end(current.body);
    idle = undefined;
  };
  const report = (url: string, body: string) => {
    if (url.endsWith('/response')) {
      settle(({ resolve }) => {
        resolve(JSON.parse(body));
      });
      return;
    }
    const { errorType, errorMessage } = JSON.parse(body) as Readonly<Record<string, string>>;
    fail(errorType ?? 'Unknown', errorMessage ?? '');
  };
  return {
    invoke(event: unknown, invocation: LambdaInvocation, timeoutMs: number, end: () => void) {
      return new Promise<unknown>((resolve, reject) => {
        const id = `request-${(count += 1)}`;
        current = { id, body: JSON.stringify(event), invocation, timeoutMs, resolve, reject };
        kill = end;
        expire(startMs);
        hand();
      });
    },
    /** The process has ended, and what it was doing has failed. */
    died(message: string) {
      idle = undefined;
      fail('Runtime.ExitError', message);
    },
    answer(request: IncomingMessage, response: ServerResponse) {
      const { url = '' } = request;
      if (url.endsWith('/invocation/next')) {
        idle = response;
        hand();
        return;
      }
      void (async () => {
        const body = await bodyOf(request);
        response.writeHead(202).end();
        report(url, body);
      })();
    },
  };
}

function headersOf({ id, invocation, timeoutMs }: Pending): Record<string, string> {
  const { clientContext, traceId = 'Root=1-0-0;Parent=0;Sampled=0' } = invocation;
  return {
    'lambda-runtime-aws-request-id': id,
    'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
    'lambda-runtime-invoked-function-arn':
      'arn:aws:lambda:eu-central-1:123456789012:function:hearth',
    'lambda-runtime-trace-id': traceId,
    ...(clientContext === undefined
      ? {}
      : { 'lambda-runtime-client-context': JSON.stringify(clientContext) }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
