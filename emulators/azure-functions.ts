import { randomUUID } from 'node:crypto';
import Module, { createRequire } from 'node:module';
import type { app as functionsApp } from '@azure/functions';

/** One value on its way between the host and a worker: exactly one of these is set. */
export interface RpcData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly collectionBytes?: { readonly bytes: readonly Uint8Array[] };
  readonly collectionString?: { readonly string: readonly string[] };
  readonly http?: RpcHttp;
}

/** An HTTP request or response as host and worker exchange it. */
export interface RpcHttp {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RpcData;
  readonly statusCode?: string;
}

/** What the host asks a worker to run. */
export interface RpcRequest {
  /** What the trigger hands in. */
  readonly data?: RpcData;
  readonly triggerMetadata?: Readonly<Record<string, RpcData>>;
  readonly traceContext?: { readonly traceParent: string };
  readonly retryContext?: { readonly retryCount: number; readonly maxRetryCount: number };
}

/** What the library registered for one function. */
export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly retryOptions?: { readonly retryStrategy: string; readonly maxRetryCount: number };
}

/** What came of a run that did not throw. */
export interface Invocation {
  readonly returned: RpcData | null | undefined;
  readonly logs: readonly { readonly level: string; readonly message: string }[];
}

/** The real library `@azure/functions` in a worker without a host. */
export interface AzureFunctions {
  /** The library's `app`, as a function app imports it. */
  readonly app: typeof functionsApp;
  /** What was registered under a name; `app` and anybody who imports `@azure/functions` register here. */
  metadata(name: string): FunctionMetadata;
  /** Runs a function as the worker does, hooks included; rejects with what it threw. */
  invoke(name: string, request: RpcRequest): Promise<Invocation>;
}

type Callback = (...inputs: unknown[]) => unknown;
type Hook = (context: HookContext) => unknown;

interface HookContext {
  readonly invocationContext: unknown;
  readonly inputs: unknown[];
  readonly functionCallback: Callback;
  readonly hookData: object;
  readonly appHookData: object;
  result?: unknown;
  error?: unknown;
}

interface InvocationModel {
  getArguments(): Promise<{ readonly context: unknown; readonly inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: Callback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ readonly returnValue?: RpcData }>;
}

interface ProgrammingModel {
  getInvocationModel(core: object): InvocationModel;
}

const functions = new Map<string, { metadata: FunctionMetadata; callback: Callback }>();
const hooks = new Map<string, Hook[]>();
let model: ProgrammingModel | undefined;
let running: AzureFunctions | undefined;

const disposable = { dispose: () => undefined };

/** The part of the worker that the library asks for as `@azure/functions-core`. */
const core = {
  version: '3.12.0',
  hostVersion: '4.1037.0',
  Disposable: class {
    dispose(): void {}
  },
  log: () => undefined,
  registerFunction(metadata: FunctionMetadata, callback: Callback) {
    functions.set(metadata.name, { metadata, callback });
    return disposable;
  },
  registerHook(name: string, hook: Hook) {
    hooks.set(name, [...(hooks.get(name) ?? []), hook]);
    return disposable;
  },
  setProgrammingModel(given: ProgrammingModel) {
    model = given;
  },
  getProgrammingModel: () => model,
};

/** Starts the worker, once for a process; nothing has to be stopped. Must come before `@azure/functions` registers anything. */
export function azureFunctions(): AzureFunctions {
  if (running !== undefined) return running;
  const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
  const load = loader._load;
  loader._load = (name, ...rest) =>
    name === '@azure/functions-core' ? core : load.call(Module, name, ...rest);
  const { app } = createRequire(import.meta.url)('@azure/functions') as {
    readonly app: typeof functionsApp;
  };
  running = { app, invoke, metadata: (name) => find(name).metadata };
  return running;
}

function find(name: string) {
  const found = functions.get(name);
  if (found === undefined) throw new Error(`No function is registered as "${name}".`);
  return found;
}

async function invoke(name: string, request: RpcRequest): Promise<Invocation> {
  const { metadata, callback } = find(name);
  const logs: { readonly level: string; readonly message: string }[] = [];
  const { data, ...rest } = request;
  const trigger = Object.entries(metadata.bindings).find(([, { direction }]) => direction === 'in');
  const asked = model?.getInvocationModel({
    invocationId: randomUUID(),
    metadata,
    request: { ...rest, inputData: data === undefined ? [] : [{ name: trigger?.[0], data }] },
    log: (level: string, _: string, message: string) => logs.push({ level, message }),
  });
  if (asked === undefined) throw new Error('The library has not found its worker.');
  const { context, inputs } = await asked.getArguments();
  const hooked: HookContext = {
    invocationContext: context,
    inputs,
    functionCallback: callback,
    hookData: {},
    appHookData: {},
  };
  for (const hook of hooks.get('preInvocation') ?? []) await hook(hooked);
  try {
    hooked.result = await asked.invokeFunction(context, hooked.inputs, hooked.functionCallback);
  } catch (error) {
    hooked.error = error;
  }
  for (const hook of hooks.get('postInvocation') ?? []) await hook(hooked);
  if (hooked.error !== undefined) throw hooked.error as Error;
  const { returnValue } = await asked.getResponse(context, hooked.result);
  return { returned: returnValue, logs };
}
