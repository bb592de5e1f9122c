import type { HearthError } from '@hearth/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aclFile } from './acl-file.ts';
import { dynamicSecurity, dynamicSecurityRoutes, keepOut, letIn } from './dynamic-security.ts';

const lamps = [
  { device: 't1', credentials: ['t1.k1', 't1.k2'] },
  { device: 'a+b/#', credentials: ['c 3'] },
];

/** The list for one device, or for another one if this has an impossible name. */
function written(device: string, credential: string): string {
  try {
    return aclFile([{ device, credentials: [credential] }]);
  } catch (error) {
    if (!/^invalid-(option|topic)$/.test((error as HearthError).code)) throw error;
    return aclFile([{ device: 'other', credentials: ['other'] }]);
  }
}

describe('aclFile', () => {
  it('gives each credential the topics of its device, and one to prove itself', () => {
    expect(aclFile(lamps, { backends: ['gateway'], backendTopics: ['home/+/set'] }))
      .toBe(`user gateway
topic readwrite device/#
topic readwrite proof/#
topic readwrite home/+/set

user t1.k1
topic readwrite device/t1/#
topic write proof/t1/t1.k1

user t1.k2
topic readwrite device/t1/#
topic write proof/t1/t1.k2

user c 3
topic readwrite device/a=2Bb=2F=23/#
topic write proof/a=2Bb=2F=23/c=203
`);
  });

  it('has one line for each thing, whatever devices and credentials are called', () => {
    const signs = [
      'a',
      'Z',
      '9',
      ' ',
      '/',
      '+',
      '#',
      '\n',
      '\r',
      '\0',
      '$',
      '%',
      'é',
      '😀',
      '\ud800',
    ];
    const any = fc.string({ unit: fc.constantFrom(...signs), maxLength: 8 });
    const lines =
      /^user \S.*\ntopic readwrite device\/[\w.:=-]+\/#\ntopic write proof\/[\w.:=-]+\/[\w.:=-]+\n$/u;
    fc.assert(
      fc.property(any, any, (device, credential) => {
        expect(written(device, credential)).toMatch(lines);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a name with a line break', [{ device: 't1', credentials: ['k\nuser root'] }], {}],
    ['a name with a space before it', [{ device: 't1', credentials: [' backend'] }], {}],
    ['no name', [{ device: 't1', credentials: [''] }], {}],
    ['a name of two devices', [...lamps, { device: 't2', credentials: ['t1.k1'] }], {}],
    ['the name of a backend', lamps, { backends: ['t1.k1'] }],
    ['a filter with a line break', lamps, { backendTopics: ['home/#\nuser x'] }],
    ['a filter that is none', lamps, { backendTopics: ['home/#/x'] }],
    ['a root with a wildcard', lamps, { root: 'device/+' }],
    ['proofs where every credential may publish', lamps, { proof: 'device/proof' }],
    ['proofs around the devices', lamps, { root: 'home/device', proof: 'home' }],
  ])('refuses %s, by which somebody could speak for another', (_, devices, options) => {
    for (const make of [aclFile, dynamicSecurity])
      expect(() => make(devices, options)).toThrow(
        expect.objectContaining({ code: 'invalid-option' }) as Error,
      );
  });
});

describe('dynamicSecurity', () => {
  it('allows what the access list allows, and nothing by default', () => {
    const { defaultACLAccess, clients, roles } = dynamicSecurity(lamps, { backends: ['gateway'] });
    expect(defaultACLAccess).toMatchObject({ publishClientSend: false, subscribe: false });
    expect(clients.map(({ username }) => username)).toEqual(['gateway', 't1.k1', 't1.k2', 'c 3']);
    expect(roles[1]).toMatchObject({
      rolename: 't1.k1',
      acls: [
        { acltype: 'publishClientSend', topic: 'device/t1/#' },
        { acltype: 'publishClientReceive', topic: 'device/t1/#' },
        { acltype: 'subscribePattern', topic: 'device/t1/#' },
        { acltype: 'publishClientSend', topic: 'proof/t1/t1.k1' },
      ],
    });
  });

  it('is changed by messages, which routes make of what happens to credentials', () => {
    const routes = dynamicSecurityRoutes({ type: 'c' });
    const event = {
      specversion: '1.0',
      id: '1',
      source: '/',
      type: 'c',
      subject: 't1',
      data: { credential: 'k' },
    } as const;
    const payloadOf = (type: string) => {
      const route = routes[type];
      return typeof route === 'object' && typeof route.payload === 'function'
        ? route.payload(event)
        : '';
    };
    expect(JSON.parse(payloadOf('c.admitted'))).toEqual(
      letIn({ device: 't1', credentials: ['k'] }),
    );
    expect(JSON.parse(payloadOf('c.revoked'))).toEqual(keepOut(['k']));
    expect(keepOut(['k']).commands).toEqual([
      { command: 'deleteClient', username: 'k' },
      { command: 'deleteRole', rolename: 'k' },
    ]);
  });
});
