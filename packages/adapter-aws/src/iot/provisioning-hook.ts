import {
  eventFrom,
  handle,
  isHearthError,
  type App,
  type Draft,
  type Principal,
} from '@hearth/core';
import { recordOf, throwIfRetry } from '@hearth/core/trigger';
import { nodeRuntime } from '@hearth/node';
import { inTime, type AwsOptions, type LambdaContext } from '../trigger/invocation.ts';

/** A device that asks for its first certificate by a provisioning template. It may have made up its `parameters`. */
export interface ProvisioningClaim {
  /** The certificate that it shares with its batch; absent with a trusted user. */
  readonly claimCertificateId?: string;
  readonly certificateId: string;
  readonly certificatePem?: string;
  readonly templateArn: string;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** How claims are decided. */
export interface ProvisioningHookOptions extends AwsOptions {
  /**
   * What the app is told of a claim, in the name of a service; what the app rejects is not provisioned. `undefined`, or an error of the
   * library, refuses at once. The proof that it is the device is checked here: a signature among the parameters, for one.
   */
  readonly draft: (claim: ProvisioningClaim) => Draft | undefined | Promise<Draft | undefined>;
  /** Parameters of the template that replace those of the device; `reply` is that of the app's step, if it gave one. */
  readonly overrides?: (
    claim: ProvisioningClaim,
    reply: unknown,
  ) => Readonly<Record<string, string>>;
  /** Who tells the app: the service `aws-iot-provisioning` unless given. */
  readonly principal?: Principal;
}

/** What AWS IoT wants to know. */
export interface ProvisioningAnswer {
  readonly allowProvisioning: boolean;
  readonly parameterOverrides?: Readonly<Record<string, string>>;
}

const refused: ProvisioningAnswer = { allowProvisioning: false };

/**
 * Makes the function behind a pre-provisioning hook of AWS IoT: the app decides, by accepting or rejecting an event such as `added` of
 * `defineCredentials`, whose credential is the `certificateId`, which `iotRule` then gives as the principal's.
 *
 * A claim that comes again is recognised by its certificate, and answered alike.
 *
 * @throws {HearthError} `conflict` (retryable), from the function, when the app could not decide: the device tries again.
 */
export function provisioningHook(
  app: App,
  options: ProvisioningHookOptions,
): (event: unknown, context: LambdaContext) => Promise<ProvisioningAnswer> {
  const runtime = nodeRuntime(options);
  const { draft, overrides, principal = { kind: 'service', id: 'aws-iot-provisioning' } } = options;
  return async (native, context) => {
    const claim = claimOf(native);
    const said = claim === undefined ? undefined : await wished(draft, claim);
    if (claim === undefined || said === undefined) return refused;
    const id = `${claim.templateArn} ${claim.certificateId}`;
    const event = eventFrom(said, { id, source: '/aws/iot/provisioning' });
    const handled = await handle(app, [{ event, principal }], inTime(runtime, context));
    throwIfRetry(handled);
    const [{ verdict, reply } = { verdict: 'rejected' }] = handled;
    if (verdict !== 'done') return refused;
    if (overrides === undefined) return { allowProvisioning: true };
    return { allowProvisioning: true, parameterOverrides: overrides(claim, reply) };
  };
}

async function wished(
  draft: ProvisioningHookOptions['draft'],
  claim: ProvisioningClaim,
): Promise<Draft | undefined> {
  try {
    return await draft(claim);
  } catch (error) {
    if (isHearthError(error) && !error.retryable) return undefined;
    throw error;
  }
}

function claimOf(native: unknown): ProvisioningClaim | undefined {
  const it = recordOf(native);
  const isClaim = ['certificateId', 'templateArn', 'clientId'].every(
    (name) => typeof it[name] === 'string' && it[name] !== '',
  );
  if (!isClaim) return undefined;
  const parameters = Object.entries(recordOf(it['parameters'])).filter(
    ([, value]) => typeof value === 'string',
  );
  return { ...it, parameters: Object.fromEntries(parameters) } as unknown as ProvisioningClaim;
}
