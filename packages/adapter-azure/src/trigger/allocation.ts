import {
  eventFrom,
  handle,
  HearthError,
  isHearthError,
  type App,
  type Draft,
  type Principal,
} from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import { keyHash } from '@hearth/core/ports';
import { recordOf, textOf, timed, type HttpAnswer } from '@hearth/core/trigger';
import { readBody } from './body.ts';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';
import { runtimeOf, type AzureOptions } from './options.ts';
import type { FunctionRequest } from './request.ts';

/** A device that registers, as the Device Provisioning Service hands it to a custom allocation. */
export interface AllocationRequest {
  /** Proved by the enrollment: the key, the certificate or the TPM. */
  readonly registrationId: string;
  /** The host names of the hubs that are linked to the service. */
  readonly linkedHubs: readonly string[];
  /** Where it is now, if it registers again. */
  readonly currentHub?: string;
  /** What the device sends with its registration; it chooses that itself. */
  readonly payload?: unknown;
  /** The whole request, with the enrollment and the certificates. */
  readonly native: Readonly<Record<string, unknown>>;
}

/** Where a device goes, and with what it begins. */
export interface Allocation {
  /** One of `linkedHubs`; where it is, or else by the hash of its id, unless given. */
  readonly hub?: string;
  readonly initialTwin?: {
    readonly tags?: object;
    readonly properties?: { readonly desired?: object };
  };
  /** Handed to the device. */
  readonly payload?: unknown;
}

/** How registrations are decided. */
export interface AllocationOptions extends AzureOptions {
  /**
   * What the app is told of a registration, in the name of a service; what the app rejects is not assigned. `undefined`, or an error of the
   * library, refuses at once.
   */
  readonly draft: (request: AllocationRequest) => Draft | undefined;
  /** Where it goes; `reply` is that of the app's step, if it gave one. */
  readonly allocate?: (request: AllocationRequest, reply: unknown) => Allocation;
  /** Who tells the app: the service `azure-provisioning` unless given. */
  readonly principal?: Principal;
  /** The path behind `/api/`; the function's name unless given. */
  readonly route?: string;
}

// The service does not wait for more than five seconds.
const withinMs = 4000;

/** What `app.http` of `@azure/functions` takes. */
export interface AllocationFunction {
  methods: 'POST'[];
  authLevel: 'function';
  route?: string;
  handler: (request: FunctionRequest, context: FunctionContext) => Promise<HttpAnswer>;
}

/**
 * Makes the webhook of a custom allocation policy of the Device Provisioning Service: `app.http('allocation', allocation(home, { … }))`.
 *
 * The app decides, by accepting or rejecting an event, such as `expect` or `added` of `defineCredentials`. 200 with a hub; 400 for what is no
 * registration; 403 refused; 503 could not be decided, the device tries again.
 */
export function allocation(app: App, options: AllocationOptions): AllocationFunction {
  const runtime = runtimeOf(options);
  const { route, limits, draft, allocate } = options;
  const { principal = { kind: 'service', id: 'azure-provisioning' } } = options;
  const decide = async (request: AllocationRequest): Promise<HttpAnswer> => {
    const said = draft(request);
    if (said === undefined) return { status: 403 };
    // Each registration is news: a device that was reset registers again, and nothing tells its attempts apart.
    const id = `${request.registrationId} ${runtime.clock.now()}`;
    const event = eventFrom(said, { id, source: '/azure/provisioning' });
    const [handled] = await handle(app, [{ event, principal }], timed(runtime, withinMs));
    if (handled?.verdict === 'rejected') return { status: 403 };
    if (handled?.verdict !== 'done') return { status: 503 };
    return assigned(request, allocate?.(request, handled.reply) ?? {});
  };
  const answer = async (request: FunctionRequest): Promise<HttpAnswer> => {
    const { maxBytes } = { ...defaultLimits, ...limits };
    try {
      return await decide(requestOf(await readBody(request, maxBytes)));
    } catch (error) {
      if (!isHearthError(error)) throw error;
      runtime.logger?.warn({ reason: error.code }, 'A device was not assigned to a hub.');
      if (error.retryable) return { status: 503 };
      return { status: error.code === 'not-permitted' ? 403 : 400 };
    }
  };
  return {
    methods: ['POST'],
    authLevel: 'function',
    ...(route === undefined ? {} : { route }),
    handler: (request, context) => during(context, () => answer(request)),
  };
}

function requestOf(body: Uint8Array): AllocationRequest {
  const native = recordOf(parsed(body));
  const { deviceRuntimeContext, linkedHubs } = native;
  const { registrationId, currentIotHubHostName, payload } = recordOf(deviceRuntimeContext);
  const id = textOf(registrationId);
  const hubs = (Array.isArray(linkedHubs) ? (linkedHubs as unknown[]) : []).flatMap(
    (one) => textOf(one) ?? [],
  );
  if (id === undefined) throw invalid('deviceRuntimeContext.registrationId', 'is missing');
  if (hubs.length === 0) throw invalid('linkedHubs', 'has no hub; link one to the service');
  const currentHub = textOf(currentIotHubHostName);
  return {
    registrationId: id,
    linkedHubs: hubs,
    ...(currentHub === undefined ? {} : { currentHub }),
    ...(payload === undefined ? {} : { payload }),
    native,
  };
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    throw invalid('body', 'must be JSON');
  }
}

function invalid(field: string, why: string): HearthError {
  return new HearthError('invalid-event', `"${field}" of an allocation request ${why}.`, { field });
}

function assigned(request: AllocationRequest, { hub, ...rest }: Allocation): HttpAnswer {
  const { linkedHubs, currentHub = '', registrationId } = request;
  const sorted = linkedHubs.toSorted();
  const byHash = sorted[keyHash(registrationId) % sorted.length];
  const iotHubHostName = hub ?? (linkedHubs.includes(currentHub) ? currentHub : byHash);
  if (!linkedHubs.includes(iotHubHostName ?? ''))
    throw new HearthError('not-permitted', `The hub "${iotHubHostName}" is not linked.`);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ iotHubHostName, ...rest }),
  };
}
