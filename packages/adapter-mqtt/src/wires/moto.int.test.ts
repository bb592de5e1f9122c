import { motoNeeds, startMoto } from '@hearth/emulators/moto';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lamp, served } from '../../test/fielded.ts';
import { awsShadowWire } from './aws-shadow.ts';

type Values = Readonly<Record<string, unknown>>;

let moto: Awaited<ReturnType<typeof startMoto>>;
beforeAll(async () => {
  moto = await startMoto();
});
afterAll(() => moto?.stop());

/** Calls the emulator of AWS, which tells services apart by the scope of the signature. */
async function aws(service: string, method: string, path: string, body?: unknown): Promise<Values> {
  const scope = `AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/${service}/aws4_request`;
  const authorization = `${scope}, SignedHeaders=host, Signature=none`;
  const response = await fetch(`${moto?.url}${path}`, {
    method,
    headers: { authorization },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as Values) };
}

const states: readonly (readonly ['desired' | 'reported', Values])[] = [
  ['reported', { color: 'GREEN', lights: { level: 1, color: 'white' } }],
  ['desired', { color: 'RED', sequence: ['RED', 'GREEN'] }],
  ['desired', { lights: { level: 3 } }],
  ['reported', { color: 'RED' }],
  ['reported', { sequence: ['RED'], lights: { level: 3 } }],
  ['desired', { sequence: null, color: 'BLUE' }],
  ['reported', { color: 'BLUE', sequence: null }],
];

const timeless = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, one: unknown) => (key === 'timestamp' ? 0 : one));

describe('a shadow and the emulation of AWS', () => {
  it('answer the same to the same updates: states, deltas, versions', async (context) => {
    needs(context, moto, motoNeeds);
    await aws('iot', 'POST', '/things/t1');
    const at = served((store) => awsShadowWire(lamp, { store, principal: 'topic' }));
    const base = '$aws/things/t1/shadow';
    const answers: unknown[][] = [];
    for (const [half, values] of states) {
      const update = { state: { [half]: values } };
      const { status, ...accepted } = await aws('iotdata', 'POST', '/things/t1/shadow', update);
      expect(status).toBe(200);
      // Apps wish in their own way, and are answered in it.
      if (half === 'desired') {
        await at.wish({ type: 'com.acme.lamp.set', subject: 't1', data: values });
      } else {
        const [answer] = await at.publish(`${base}/update`, update);
        answers.push([timeless(answer?.document), timeless(accepted)]);
      }
      const shadow = await aws('iotdata', 'GET', '/things/t1/shadow');
      const [get] = await at.publish(`${base}/get`, '');
      // The emulation leaves an empty object in the delta where nothing is left to do below.
      const state = pruned({ delta: {}, ...(shadow['state'] as Values) });
      const own = (get?.document as { readonly state: Values } | undefined)?.state ?? {};
      expect(pruned(own)).toEqual(state);
      expect(get?.document).toMatchObject({ version: shadow['version'] });
    }
    expect(answers.map(([own]) => own)).toEqual(answers.map(([, theirs]) => theirs));
  });

  it('refuse the same, with the same codes', async (context) => {
    needs(context, moto, motoNeeds);
    await aws('iot', 'POST', '/things/t2');
    const at = served((store) => awsShadowWire(lamp, { store, principal: 'topic' }));
    const missing = await aws('iotdata', 'GET', '/things/t2/shadow');
    const [answer] = await at.publish('$aws/things/t2/shadow/get', '');
    expect(answer?.document).toMatchObject({ code: missing['status'] });
    const bad = await aws('iotdata', 'POST', '/things/t2/shadow', { none: 1 });
    const [refused] = await at.publish('$aws/things/t2/shadow/update', { none: 1 });
    expect(refused?.document).toMatchObject({ code: bad['status'] });
  });
});

function pruned(values: Values): Values {
  const entries = Object.entries(values).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return [[name, value] as const];
    const inner = pruned(value as Values);
    return Object.keys(inner).length === 0 ? [] : [[name, inner] as const];
  });
  return Object.fromEntries(entries);
}
