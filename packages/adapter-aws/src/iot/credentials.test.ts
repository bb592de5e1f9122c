import { defineApp, HearthError, read, type Principal } from '@hearth/core';
import { defineCredentials } from '@hearth/core/credentials';
import { faultyStore } from '@hearth/testing';
import { describe, expect, it } from 'vitest';
import { context, world } from '../../test/meter-world.ts';
import { authorizer, decodeIotRule, devicePolicy, provisioningHook } from '../index.ts';
import type { AuthorizerOptions, ProvisioningClaim, ProvisioningHookOptions } from '../index.ts';

const policy = { region: 'eu-central-1', account: '123456789012' };
const token: Principal = { kind: 'device', id: 't1', credential: '8fA3' };
// As the developer guide of AWS IoT shows it.
const connect = {
  token: 'aToken',
  signatureVerified: true,
  protocols: ['tls', 'http', 'mqtt'],
  protocolData: {
    tls: { serverName: 'iot.example.com' },
    http: { headers: { 'x-token': 'h' }, queryString: '?a=b' },
    mqtt: { username: 'u', password: Buffer.from('geheim').toString('base64'), clientId: 't1' },
  },
  connectionMetadata: { id: '5b1d2c' },
};

describe('authorizer', () => {
  it('hands on what is shown, and lets the device in under its own name', async () => {
    let shown: unknown;
    const authorize = authorizer({
      policy,
      authenticate: (request) => {
        shown = request;
        return token;
      },
    });
    expect(await authorize(connect)).toEqual({
      isAuthenticated: true,
      principalId: '8fA3',
      disconnectAfterInSeconds: 86_400,
      refreshAfterInSeconds: 300,
      policyDocuments: [devicePolicy({ ...policy, device: 't1' })],
    });
    expect(shown).toEqual({
      token: 'aToken',
      signatureVerified: true,
      serverName: 'iot.example.com',
      username: 'u',
      password: 'geheim',
      clientId: 't1',
      headers: { 'x-token': 'h' },
      queryString: '?a=b',
    });
  });

  it('gives a principal that a rule gives back as the credential', async () => {
    const authorize = authorizer({ policy, authenticate: () => token });
    const { principalId: principal } = await authorize(connect);
    const message = { data_base64: '', topic: 'device/t1/x', clientid: 't1', principal };
    expect(decodeIotRule(message)[0]?.principal).toEqual(token);
  });

  it('keeps each document within what AWS IoT takes, however long the name', async () => {
    const device: Principal = { kind: 'device', id: 'd'.repeat(128) };
    const whole = { ...policy, shadow: true, jobs: true };
    const authorize = authorizer({ policy: whole, authenticate: () => device });
    const { policyDocuments } = await authorize({});
    const sizes = policyDocuments.map((one) => JSON.stringify(one).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2048);
    expect(policyDocuments.flatMap(({ Statement }) => Statement)).toEqual(
      devicePolicy({ ...whole, device: device.id }).Statement,
    );
  });

  it.each<[string, Principal | undefined, unknown]>([
    ['who has proved nothing', undefined, connect],
    ['who is no device', { kind: 'user', id: 't1' }, connect],
    ['a device under the name of another', { kind: 'device', id: 't2' }, connect],
    ['a device whose name has a wildcard', { kind: 'device', id: '*' }, { protocolData: {} }],
    ['a device whose name is a variable', { kind: 'device', id: '${iot:ClientId}' }, {}],
    ['an answer that is none', 'yes' as unknown as Principal, null],
  ])('does not let in %s', async (_, known, event) => {
    const authorize = authorizer({ policy, authenticate: () => known });
    expect(await authorize(event)).toMatchObject({ isAuthenticated: false, policyDocuments: [] });
  });

  it('is not made for a policy that cannot be', () => {
    const options: AuthorizerOptions = {
      policy: { ...policy, region: '*' },
      authenticate: () => token,
    };
    expect(() => authorizer(options)).toThrow('"region" must match');
  });
});

const credentials = defineCredentials();
const app = defineApp({ source: 'urn:acme', parts: credentials.parts });
// As the developer guide of AWS IoT shows it.
const claim: ProvisioningClaim = {
  claimCertificateId: 'claim-1',
  certificateId: 'cert-1',
  certificatePem: '-----BEGIN CERTIFICATE-----',
  templateArn: 'arn:aws:iot:eu-central-1:123456789012:provisioningtemplate/lamps',
  clientId: '221a6d10-9c7f-42f1-9153-e52e6fc869c1',
  parameters: { SerialNumber: 't1' },
};

function hook(options: Partial<ProvisioningHookOptions> = {}) {
  const at = world();
  const ask = provisioningHook(app, {
    ...at.options,
    draft: ({ certificateId, parameters: { SerialNumber = '' } }) =>
      credentials.events.added(SerialNumber, { credential: certificateId }),
    ...options,
  });
  const listed = async () => (await read(at.options, credentials.ref('t1'))).state.list;
  return { ask: (event: unknown) => ask(event, context), listed, at };
}

describe('provisioningHook', () => {
  it('allows what the app accepts, which then knows the certificate', async () => {
    const { ask, listed } = hook();
    expect(await ask(claim)).toEqual({ allowProvisioning: true });
    expect(await listed()).toMatchObject([{ id: 'cert-1', state: 'pending' }]);
    expect(await ask(claim)).toEqual({ allowProvisioning: true });
    expect(await listed()).toHaveLength(1);
  });

  it('replaces parameters of the device', async () => {
    const { ask } = hook({ overrides: ({ parameters }) => ({ ...parameters, Home: 'none' }) });
    expect(await ask(claim)).toEqual({
      allowProvisioning: true,
      parameterOverrides: { SerialNumber: 't1', Home: 'none' },
    });
  });

  it('refuses what the app rejects', async () => {
    const draft = () => credentials.events.revoke('t1', { credential: 'x', because: 'y' });
    expect(await hook({ draft }).ask(claim)).toEqual({ allowProvisioning: false });
  });

  it.each([
    ['the option gives nothing', {}, { draft: () => undefined }],
    [
      'the option refuses',
      {},
      {
        draft: () => {
          throw new HearthError('not-permitted', 'The signature is wrong.');
        },
      },
    ],
    ['the serial number is missing', { parameters: {} }, {}],
    ['there is no certificate', { certificateId: 7 }, {}],
    ['the template is missing', { templateArn: undefined }, {}],
  ])('refuses when %s', async (_, change, options) => {
    expect(await hook(options).ask({ ...claim, ...change })).toEqual({ allowProvisioning: false });
  });

  it('fails, so that the device tries again, when the app could not decide', async () => {
    const store = faultyStore(world().store, () => 'down');
    await expect(hook({ store }).ask(claim)).rejects.toMatchObject({ retryable: true });
  });
});
