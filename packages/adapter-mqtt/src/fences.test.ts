import { describe, expect, it } from 'vitest';
import { fences } from './fences.ts';

/** A fence, and what has become of it so far. */
function asked(of: ReturnType<typeof fences>) {
  const fence = { state: 'open' };
  of.pass(() => of.sent()).then(
    () => (fence.state = 'passed'),
    () => (fence.state = 'lost'),
  );
  return fence;
}

const turn = () => new Promise(setImmediate);

describe('fences', () => {
  it('are passed with the answer to their own ping, not to an earlier one', async () => {
    const all = fences();
    all.sent();
    const fence = asked(all);
    all.heard();
    await turn();
    expect([fence.state, all.waiting]).toEqual(['open', 1]);
    all.heard();
    await turn();
    expect([fence.state, all.waiting]).toEqual(['passed', 0]);
  });

  it('are lost with the connection, whose pings nobody answers any more', async () => {
    const all = fences();
    const before = asked(all);
    all.close();
    const after = asked(all);
    all.heard();
    await turn();
    expect([before.state, after.state]).toEqual(['lost', 'passed']);
  });
});
