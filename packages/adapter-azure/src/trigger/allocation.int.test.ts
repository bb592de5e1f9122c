import { defineApp, HearthError, read } from '@hearth/core';
import { defineCredentials } from '@hearth/core/credentials';
import { fromHttp } from '@hearth/emulators/azure-host';
import { faultyStore } from '@hearth/testing';
import { describe, expect, it } from 'vitest';
import { bytes, world } from '../../test/meter.ts';
import { freshName, worker } from '../../test/worker.ts';
import { allocation, type AllocationOptions } from '../index.ts';

const credentials = defineCredentials();
const app = defineApp({ source: 'urn:acme', parts: credentials.parts });
const linkedHubs = ['west.azure-devices.net', 'east.azure-devices.net'];
// As the documentation of the service shows it.
const registration = {
  enrollmentGroup: { enrollmentGroupId: 'lamps', attestation: { type: 'x509' } },
  deviceRuntimeContext: { registrationId: 't1', x509: {}, payload: { model: 'lamp' } },
  linkedHubs,
};

function webhook(options: Partial<AllocationOptions> = {}, at = world()) {
  const name = freshName();
  const made = allocation(app, {
    ...at.runtime,
    draft: ({ registrationId }) =>
      credentials.events.added(registrationId, { credential: `enrolled-${registrationId}` }),
    ...options,
  });
  worker.app.http(name, made);
  const headers = { 'content-type': 'application/json' };
  const send = async (body: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fromHttp(worker, name, { method: 'POST', headers, body: bytes(text) });
    return {
      status: answer.status,
      body: answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown),
    };
  };
  const listed = async () => (await read(at.runtime, credentials.ref('t1'))).state.list;
  return { send, listed, name, at };
}

describe('a custom allocation of the Device Provisioning Service', () => {
  it('assigns what the app accepts to one of the linked hubs, always the same', async () => {
    const { send, listed } = webhook();
    const first = await send(registration);
    expect(first.status).toBe(200);
    expect(linkedHubs).toContain((first.body as { iotHubHostName: string }).iotHubHostName);
    expect(await send({ ...registration, linkedHubs: linkedHubs.toReversed() })).toEqual(first);
    expect(await listed()).toMatchObject([{ id: 'enrolled-t1', state: 'pending' }]);
  });

  it('leaves a device where it is', async () => {
    const { send } = webhook();
    for (const currentIotHubHostName of linkedHubs) {
      const deviceRuntimeContext = { ...registration.deviceRuntimeContext, currentIotHubHostName };
      expect(await send({ ...registration, deviceRuntimeContext })).toMatchObject({
        body: { iotHubHostName: currentIotHubHostName },
      });
    }
  });

  it('gives the hub, the twin and the payload that the option says', async () => {
    const { send } = webhook({
      allocate: ({ payload }, reply) => ({
        hub: 'east.azure-devices.net',
        initialTwin: { tags: payload as object, properties: { desired: {} } },
        payload: { reply: reply ?? null },
      }),
    });
    expect((await send(registration)).body).toEqual({
      iotHubHostName: 'east.azure-devices.net',
      initialTwin: { tags: { model: 'lamp' }, properties: { desired: {} } },
      payload: { reply: null },
    });
  });

  it.each<[string, number, unknown, Partial<AllocationOptions>]>([
    ['what is no JSON', 400, '{', {}],
    ['no registration', 400, { linkedHubs }, {}],
    ['no hub', 400, { ...registration, linkedHubs: [] }, {}],
    [
      'a name that no device has',
      403,
      { ...registration, deviceRuntimeContext: { registrationId: 'a\u0000' } },
      {},
    ],
    ['what the option does not take', 403, registration, { draft: () => undefined }],
    [
      'what the app rejects',
      403,
      registration,
      { draft: () => credentials.events.rotate('t1', { because: 'x' }) },
    ],
    ['a hub that is not linked', 403, registration, { allocate: () => ({ hub: 'evil.example' }) }],
    [
      'what the option refuses',
      403,
      registration,
      {
        draft: () => {
          throw new HearthError('not-permitted', 'Not this one.');
        },
      },
    ],
    [
      'what could not be decided',
      503,
      registration,
      { store: faultyStore(world().runtime.store, () => 'down') },
    ],
  ])('answers %s with %i', async (_, status, body, options) => {
    expect(await webhook(options).send(body)).toEqual({ status, body: undefined });
  });

  it('wants the key of the function', () => {
    const [binding] = Object.values(worker.metadata(webhook().name).bindings);
    expect(binding).toMatchObject({ authLevel: 'function', methods: ['POST'] });
  });
});
