import { azureFunctions } from '@hearth/emulators/azure-functions';
import { expect, it } from 'vitest';
import { onAws } from './on-aws.ts';
import { onAzure } from './on-azure.ts';
import { household, world } from './test/world.ts';

const isLocked = (requestId: string) => ({
  requestId,
  inputs: [{ intent: 'action.devices.QUERY', payload: { devices: [{ id: 'l1' }] } }],
});
const authorization = 'Bearer access-token-from-skill';
const locked = { l1: { status: 'SUCCESS', online: true, isLocked: true, isJammed: false } };
const endpoint = { endpointId: 'l1', scope: { token: 'access-token-from-skill' } };
const header = { namespace: 'Alexa', name: 'ReportState', messageId: 'm1', correlationToken: 'c' };
const directive = { directive: { header, endpoint, payload: {} } };
const stateReport = {
  event: { header: { name: 'StateReport', correlationToken: 'c' } },
  context: { properties: [{ name: 'lockState', value: 'LOCKED' }, {}] },
};

it('answers on AWS whether the door is locked', async () => {
  const one = world();
  await one.lock(true);
  const { alexa, google } = onAws(one.runtime, household);
  expect(await alexa(directive)).toMatchObject(stateReport);
  const answer = await google({ headers: { authorization }, body: JSON.stringify(isLocked('r1')) });
  expect(JSON.parse(answer.body)).toEqual({ requestId: 'r1', payload: { devices: locked } });
});

it('answers on Azure whether the door is locked', async () => {
  const one = world();
  await one.lock(true);
  const { app, invoke } = azureFunctions();
  onAzure(app, one.runtime, household);
  const post = async (name: string, said: object) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const body = { string: JSON.stringify(said) };
    const http = { method: 'POST', url: `https://acme.example/api/${name}`, headers, body };
    const { returned } = await invoke(name, { data: { http } });
    const { bytes, string, json } = returned?.http?.body ?? {};
    return JSON.parse(json ?? string ?? Buffer.from(bytes ?? []).toString()) as object;
  };
  expect(await post('google', isLocked('r1'))).toEqual({
    requestId: 'r1',
    payload: { devices: locked },
  });
  expect(await post('alexa', directive)).toMatchObject(stateReport);
});
