import { deepEqual, equal, ok } from 'node:assert/strict';
import { isHearthError } from '@hearth/core/event';
import {
  command,
  commands,
  outcomes,
  publishAll,
  receivedIds,
  type PublisherCase,
} from './publisher-case.ts';

/** What a publisher promises when not everything goes well. */
export const failureCases: readonly PublisherCase[] = [
  {
    name: 'tells three failures of ten from the rest',
    needs: ['failFor'],
    async run(harness) {
      await harness.failFor?.(['e1', 'e4', 'e9']);
      const results = await harness.publisher.publish(commands(10));
      const failed = [1, 4, 9];
      deepEqual(
        outcomes(results),
        results.map((_, index) => (failed.includes(index) ? 'failed' : 'published')),
      );
      equal(results.length, 10);
      for (const result of results) {
        if (result.outcome !== 'failed') continue;
        ok(isHearthError(result.error), 'A failure has no HearthError.');
        equal(result.error.retryable, true);
      }
      const arrived = ['e0', 'e2', 'e3', 'e5', 'e6', 'e7', 'e8'];
      deepEqual([...(await receivedIds(harness))].toSorted(), arrived);
    },
  },
  {
    name: 'sends later what failed before',
    needs: ['failFor'],
    async run(harness) {
      const events = commands(2);
      await harness.failFor?.(['e1']);
      deepEqual(outcomes(await harness.publisher.publish(events)), ['published', 'failed']);
      await harness.failFor?.([]);
      await publishAll(harness.publisher, events.slice(1));
      deepEqual([...(await receivedIds(harness))].toSorted(), ['e0', 'e1']);
    },
  },
  {
    name: 'sends nothing of a partition after a failure in it',
    needs: ['failFor', 'ordered'],
    async run(harness) {
      await harness.failFor?.(['e1']);
      const events = ['e0', 'e1', 'e2', 'e3'].map((id) => command(id, 'home-1'));
      const results = await harness.publisher.publish(events);
      deepEqual(outcomes(results), ['published', 'failed', 'skipped', 'skipped']);
      deepEqual(await receivedIds(harness), ['e0']);
    },
  },
  {
    name: 'sends what is of another partition than a failure',
    needs: ['failFor', 'ordered'],
    async run(harness) {
      await harness.failFor?.(['e1']);
      const homes = { e0: 'home-1', e1: 'home-1', e2: 'home-2', e3: 'home-1', e4: 'home-2' };
      const events = Object.entries(homes).map(([id, home]) => command(id, home));
      const results = await harness.publisher.publish(events);
      deepEqual(outcomes(results), ['published', 'failed', 'published', 'skipped', 'published']);
      deepEqual([...(await receivedIds(harness))].toSorted(), ['e0', 'e2', 'e4']);
    },
  },
  {
    name: 'forgets a failure when the call has ended',
    needs: ['failFor', 'ordered'],
    async run(harness) {
      await harness.failFor?.(['e0']);
      const failed = await harness.publisher.publish([command('e0', 'home-1')]);
      deepEqual(outcomes(failed), ['failed']);
      await publishAll(harness.publisher, [command('e1', 'home-1')]);
    },
  },
  {
    name: 'fails so that it can be tried again while nothing can be reached',
    needs: ['cutOff'],
    async run(harness) {
      await harness.cutOff?.();
      // Both are allowed: a failure of each event, and a rejection, which counts as one.
      const results = await harness.publisher.publish(commands(3)).catch((error: unknown) => {
        ok(!isHearthError(error) || error.retryable, 'It rejects for good.');
        return commands(3).map(() => ({ outcome: 'failed', error: { retryable: true } }) as const);
      });
      equal(results.length, 3);
      for (const result of results) {
        ok(result.outcome !== 'published', 'It says "published".');
        if (result.outcome === 'failed') equal(result.error.retryable, true);
      }
    },
  },
];
