import { read } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import { lamp, served } from '../../test/fielded.ts';
import { awsShadowWire } from './aws-shadow.ts';

const base = '$aws/things/t1/shadow';
const stamp = { timestamp: expect.any(Number) as number };
const timestamp = stamp.timestamp;
const shadow = (more: object = {}) =>
  served((store) => awsShadowWire(lamp, { store, principal: 'topic', ...more }));

// The documents are those of "Device Shadow service documents" in the developer guide of AWS IoT, if nothing else is said.
describe('a shadow', () => {
  it('is the documented one, delta included', async () => {
    const { publish, ...at } = shadow();
    await at.wish(lamp.set('t1', { color: 'RED', sequence: ['RED', 'GREEN', 'BLUE'] }));
    await publish(`${base}/update`, { state: { reported: { color: 'GREEN' } } });
    const get = await publish(`${base}/get`, { clientToken: 'UniqueClientToken' });
    expect(get).toEqual([
      {
        topic: `${base}/get/accepted`,
        document: {
          state: {
            desired: { color: 'RED', sequence: ['RED', 'GREEN', 'BLUE'] },
            reported: { color: 'GREEN', lights: {} },
            delta: { color: 'RED', sequence: ['RED', 'GREEN', 'BLUE'] },
          },
          metadata: {
            desired: { color: stamp, sequence: [stamp, stamp, stamp] },
            reported: { color: stamp },
          },
          version: 2,
          clientToken: 'UniqueClientToken',
          timestamp,
        },
      },
    ]);
  });

  it('does not exist before anybody has said anything', async () => {
    expect(await shadow().publish(`${base}/get`, '')).toEqual([
      {
        topic: `${base}/get/rejected`,
        document: { code: 404, message: "No shadow exists with name: 't1'", timestamp },
      },
    ]);
  });

  it('is updated by what a device reports, which is answered with what was in the request', async () => {
    const { publish } = shadow();
    const update = { state: { reported: { color: 'blue' } }, clientToken: 'token', version: 7 };
    expect(await publish(`${base}/update`, update)).toEqual([
      {
        topic: `${base}/update/accepted`,
        document: {
          state: { reported: { color: 'blue' } },
          metadata: { reported: { color: stamp } },
          version: 1,
          timestamp,
          clientToken: 'token',
        },
      },
    ]);
  });

  it('has a name, if it is not the classic one', async () => {
    const { publish, wire } = shadow({ shadow: 'config' });
    const named = '$aws/things/t1/shadow/name/config';
    expect(wire.filters).toContain('$aws/things/+/shadow/name/config/update');
    const [accepted] = await publish(`${named}/update`, { state: { reported: { color: 'blue' } } });
    expect(accepted?.topic).toBe(`${named}/update/accepted`);
    await expect(publish(`${base}/update`, {})).rejects.toThrow('Nobody reads');
  });

  it('loses what a device reports as null', async () => {
    const { publish } = shadow();
    await publish(`${base}/update`, {
      state: { reported: { lights: { color: 'red', level: 3 } } },
    });
    await publish(`${base}/update`, { state: { reported: { lights: { level: null } } } });
    expect(await publish(`${base}/get`, '')).toMatchObject([
      { document: { state: { reported: { lights: { color: 'red' } } }, version: 2 } },
    ]);
  });
});

describe('the delta', () => {
  it('is told when something is wished for, with a version that grows', async () => {
    const { publish, ...at } = shadow();
    await publish(`${base}/update`, { state: { reported: { color: 'GREEN' } } });
    expect(await at.wish(lamp.set('t1', { color: 'RED' }))).toEqual([
      {
        topic: `${base}/update/delta`,
        document: { version: 2, timestamp, state: { color: 'RED' }, metadata: { color: stamp } },
      },
    ]);
    expect(await at.wish(lamp.set('t1', { lights: { level: 3 } }))).toMatchObject([
      { document: { version: 3, state: { color: 'RED', lights: { level: 3 } } } },
    ]);
    const [accepted] = await publish(`${base}/update`, { state: { reported: { color: 'RED' } } });
    expect(accepted).toMatchObject({ document: { version: 4 } });
    expect(await at.told()).toMatchObject([
      { document: { version: 4, state: { lights: { level: 3 } } } },
    ]);
  });

  it('is not told when nothing is left to do', async () => {
    const { publish, ...at } = shadow();
    await at.wish(lamp.set('t1', { color: 'RED' }));
    await publish(`${base}/update`, { state: { reported: { color: 'RED' } } });
    expect(await at.told()).toEqual([]);
  });

  it('ends when a device removes the desired section, "in response to a device updating its state"', async () => {
    const { publish, store, ...at } = shadow();
    await at.wish(lamp.set('t1', { color: 'blue' }));
    const update = { state: { reported: { color: 'red' }, desired: null } };
    expect(await publish(`${base}/update`, update)).toMatchObject([
      {
        topic: `${base}/update/accepted`,
        document: { state: update.state, metadata: { desired: null } },
      },
    ]);
    expect(await at.told()).toEqual([]);
    const { state } = await read({ store }, lamp.ref('t1'));
    expect(state.reported.color).toBe('red');
    expect(state.acknowledged).toMatchObject({ status: 'rejected', code: 'desired-by-device' });
    const [get] = await publish(`${base}/get`, '');
    expect(get?.document).not.toHaveProperty('state.delta');
    expect(await at.wish(lamp.set('t1', { color: 'green' }))).toMatchObject([
      { document: { state: { color: 'green' } } },
    ]);
  });

  it('ends where a device wishes for what it has, and goes on elsewhere', async () => {
    const { publish, ...at } = shadow();
    await at.wish(lamp.set('t1', { color: 'blue', sequence: ['a'] }));
    await publish(`${base}/update`, {
      state: { desired: { color: 'red' }, reported: { color: 'red' } },
    });
    expect(await at.told()).toMatchObject([{ document: { state: { sequence: ['a'] } } }]);
  });
});

describe('what is refused', () => {
  // https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
  const deep = { a: { b: { c: { d: { e: { f: { g: { h: { i: 1 } } } } } } } } };
  it.each<[string, unknown, number, string]>([
    ['no JSON', '{"state":', 400, 'Invalid JSON'],
    ['no object', '[]', 400, 'Invalid JSON'],
    ['nothing', '', 400, 'Missing required node: state'],
    ['no state', {}, 400, 'Missing required node: state'],
    ['a state that is none', { state: 1 }, 400, 'State node must be an object'],
    ['desired that is none', { state: { desired: [] } }, 400, 'Desired node must be an object'],
    ['reported that is none', { state: { reported: 'x' } }, 400, 'Reported node must be an object'],
    ['another section', { state: { delta: {} } }, 400, 'State contains an invalid node'],
    ['a bad version', { state: {}, version: '1' }, 400, 'Invalid version'],
    ['a long token', { state: {}, clientToken: 'x'.repeat(65) }, 400, 'Invalid clientToken'],
    [
      'what is too deep',
      { state: { reported: deep } },
      400,
      'JSON contains too many levels of nesting; maximum is 8',
    ],
    [
      'what the model has not',
      { state: { reported: { color: 7 } } },
      400,
      'State contains an invalid node',
    ],
    [
      'what is too large',
      { state: { reported: { color: 'x'.repeat(9000) } } },
      413,
      'The payload exceeds the maximum size allowed',
    ],
    ['a huge payload', 'x'.repeat(300_000), 413, 'The payload exceeds the maximum size allowed'],
    [
      'what nobody can descend into',
      `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`,
      400,
      'JSON contains too many levels of nesting',
    ],
    [
      'what is not UTF-8',
      new Uint8Array([0xff]),
      415,
      'Unsupported documented encoding; supported encoding is UTF-8',
    ],
  ])('with its code: %s', async (_, document, code, message) => {
    expect(await shadow().publish(`${base}/update`, document)).toEqual([
      { topic: `${base}/update/rejected`, document: { code, message, timestamp } },
    ]);
  });

  it('has the token of its request', async () => {
    expect(await shadow().publish(`${base}/update`, { clientToken: 'a' })).toMatchObject([
      { document: { code: 400, clientToken: 'a' } },
    ]);
  });

  it('is the deletion of a shadow', async () => {
    expect(await shadow().publish(`${base}/delete`, '')).toEqual([
      {
        topic: `${base}/delete/rejected`,
        document: { code: 403, message: 'Forbidden', timestamp },
      },
    ]);
  });

  it('is whoever has proved nothing, or proved to be another', async () => {
    const update = { state: { reported: { color: 'red' } } };
    const unknown = shadow({ principal: 'anonymous' });
    expect(await unknown.publish(`${base}/update`, update)).toMatchObject([
      { document: { code: 401, message: 'Unauthorized' } },
    ]);
    const other = shadow({ principal: { kind: 'device', id: 't2' } });
    expect(await other.publish(`${base}/update`, update)).toMatchObject([
      { document: { code: 403, message: 'Forbidden' } },
    ]);
  });

  it('is a name that no shadow has, and a device of another model', async () => {
    expect(() => shadow({ shadow: 'a/b' })).toThrow(expect.objectContaining({ field: 'shadow' }));
    const wire = awsShadowWire(lamp, { store: memoryStore(), isFor: (thing) => thing === 't2' });
    const message = { topic: `${base}/get`, payload: new Uint8Array() };
    expect(wire.read(message, () => '1')).toBeUndefined();
    expect(
      await wire.tell({ specversion: '1.0', id: '1', source: '/', type: 'x', subject: 't1' }),
    ).toEqual([]);
  });
});
