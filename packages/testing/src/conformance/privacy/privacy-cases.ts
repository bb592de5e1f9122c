import { deepEqual, equal, ok } from 'node:assert/strict';
import type { CloudEvent } from '@hearth/core';
import type { DeadLetterStore, StateStore } from '@hearth/core/ports';
import {
  eraseOwner,
  exportOwner,
  pseudonymousStore,
  reopenSubject,
  verifyKeptAudit,
} from '@hearth/core/privacy';
import type { StoreHarness } from '../store/store-case.ts';
import { markers, models, others, ownerWorld, type OwnerWorld } from './owner-world.ts';

/** How the cases get at a store, and at the dead letters that are kept with it; those are kept in memory when absent. */
export interface PrivacyHarness extends StoreHarness {
  letters?(store: StateStore): DeadLetterStore;
}

/** One claim about personal data in every store. `run` rejects if it does not hold. */
export interface PrivacyCase {
  readonly name: string;
  readonly needs?: 'contains';
  run(harness: PrivacyHarness): Promise<void>;
}

const owner = 'ada@x.org';
const request = { request: 'ticket-1', by: 'the desk' };

async function open(harness: PrivacyHarness, isHidden: boolean) {
  const raw = await harness.open();
  const store = isHidden
    ? pseudonymousStore(raw, { secret: () => 'another secret of thirty-two characters' })
    : raw;
  const world = await ownerWorld(store, harness.letters?.(raw));
  await harness.settle?.();
  return { raw, world };
}

async function linesOf({ app, runtime }: OwnerWorld): Promise<readonly CloudEvent[]> {
  const events: CloudEvent[] = [];
  for await (const { line } of exportOwner(app, runtime, owner, request))
    events.push(JSON.parse(line) as CloudEvent);
  return events;
}

async function lettersOf({ letters }: OwnerWorld): Promise<string> {
  return JSON.stringify((await letters.list({ limit: 100 })).letters);
}

/** Every promise about personal data that a store takes part in. */
export const privacyCases: readonly PrivacyCase[] = [
  {
    name: 'gives out everything about an owner, and nothing of others',
    async run(harness) {
      const { world } = await open(harness, false);
      const events = await linesOf(world);
      const kinds = events.map(({ type, subject }) => `${type.split('.')[2]} ${subject}`);
      for (const kind of [
        'record ada-lamp',
        'record ada-home',
        `output ${owner}`,
        `timer ${owner}`,
      ])
        ok(kinds.includes(kind), `There is no ${kind}.`);
      ok(kinds.includes('letter ada-lamp'), 'There is no dead letter.');
      const text = JSON.stringify(events);
      for (const other of others)
        equal(text.includes(other), false, `${other} is somebody else's.`);
      equal(new Set(events.map(({ id }) => id)).size, events.length, 'Two lines have one id.');
    },
  },
  {
    name: 'leaves nothing of an owner but the subjects of tombstones, and everything of others',
    needs: 'contains',
    run: (harness) => erased(harness, false, ['Lovelace']),
  },
  {
    name: 'leaves no subject of an owner either where subjects are hidden',
    needs: 'contains',
    run: (harness) => erased(harness, true, markers),
  },
];

async function erased(
  harness: PrivacyHarness,
  isHidden: boolean,
  gone: readonly string[],
): Promise<void> {
  const { raw, world } = await open(harness, isHidden);
  const { app, runtime, privacy, say } = world;
  const has = async (text: string) =>
    (await lettersOf(world)).includes(text) || (await harness.contains?.(raw, text)) === true;
  for (const text of [...gone, ...others]) equal(await has(text), true, `${text} was not planted.`);
  const done = await eraseOwner(app, runtime, owner, { ...request, settleMs: 0 });
  deepEqual([done.status, done.unreached, done.counts['subjects']], ['done', [], 3]);
  for (const text of gone) equal(await has(text), false, `${text} is still there.`);
  for (const text of others) equal(await has(text), true, `${text} was somebody else's.`);
  const stream = privacy.trail.streamOf('hearth.privacy');
  equal(await verifyKeptAudit(privacy.trail, runtime, stream), undefined, 'The chain is broken.');
  const { lamp, met } = models;
  const late = [
    lamp.events.reported('ada-lamp', { label: 'Lovelace' }),
    met(owner, { name: 'Lovelace' }),
  ];
  for (const [at, draft] of late.entries()) {
    const handled = await say(draft, `late ${at}`);
    deepEqual([handled?.verdict, handled?.code], ['rejected', 'erased']);
  }
  equal(await has('Lovelace'), false, 'What was refused was kept.');
  await reopenSubject(app, runtime, 'ada-lamp');
  equal((await say(lamp.events.reported('ada-lamp', { label: 'new' }), 'new'))?.verdict, 'done');
}
