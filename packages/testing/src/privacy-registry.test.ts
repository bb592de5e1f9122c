import { defineApp, defineDevice, handle, type CloudEvent, type Draft } from '@hearth/core';
import { memoryDeadLetters, memoryPublisher, memoryStore } from '@hearth/core/ports';
import { definePrivacy, eraseOwner, ownedBy, reopenSubject } from '@hearth/core/privacy';
import { defineRegistry } from '@hearth/core/registry';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { simulatedClock } from './clock.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ label: z.string() }),
  initial: { label: '' },
});
const registry = defineRegistry();
const privacy = definePrivacy({
  secret: () => 'a secret of thirty-two characters',
  subjectsOf: ownedBy([registry, 'owner']),
  audit: [registry.events.claimed],
});
const app = defineApp({ source: 'urn:acme', parts: [lamp, registry, privacy] });

describe('with a registry', () => {
  it('erases the devices of an owner, and lets the next owner begin anew', async () => {
    const store = memoryStore();
    const runtime = {
      store,
      publisher: memoryPublisher(),
      deadLetters: memoryDeadLetters(),
      clock: simulatedClock(0),
      sweep: true,
    };
    const say = async (draft: Draft, id: string) => {
      const event: CloudEvent = { specversion: '1.0', id, source: 'urn:x', ...draft };
      return (await handle(app, [{ event, principal: { kind: 'service', id: 's' } }], runtime))[0];
    };
    const register = registry.register('l1', { model: lamp.type });
    expect(await say(register, '1')).toMatchObject({ verdict: 'done' });
    expect(await say(registry.claim('l1', { owner: 'ada', home: 'h1' }), '2')).toMatchObject({
      verdict: 'done',
    });
    await say(lamp.events.reported('l1', { label: 'Lovelace' }), '3');
    await eraseOwner(app, runtime, 'ada', { request: 't1', by: 'me', settleMs: 0 });
    const bodies = [...store.entries().values()].map(({ body }) => body).join();
    expect(bodies).not.toMatch(/Lovelace|"ada"/);
    expect(await say(lamp.events.reported('l1', { label: 'x' }), '4')).toMatchObject({
      code: 'erased',
    });
    await reopenSubject(app, runtime, 'l1');
    expect(await say(register, '5')).toMatchObject({ verdict: 'done' });
  });
});
