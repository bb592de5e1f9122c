import { eventFrom, handle, type CloudEvent, type Draft, type Runtime } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { nodeRuntime } from '@hearth/node';
import { app, lock, thermostat } from '../home.ts';
import { speaksIn, type Household } from '../household.ts';
import { telling } from '../telling.ts';

/** Ada has a thermostat and a lock, Bob has nothing. */
export const household: Household = {
  userOf: (token) => ({ 'access-token-from-skill': 'ada', bob: 'bob' })[token],
  devicesOf: (user) =>
    user === 'ada'
      ? [
          { id: 't1', kind: 'thermostat', name: 'Living room' },
          { id: 'l1', kind: 'lock', name: 'Front door' },
        ]
      : [],
  usersOf: (device) => (['t1', 'l1'].includes(device) ? ['ada'] : []),
  isPin: (_, pin) => pin === '1234',
};

/** A household whose devices are made up, and vendors' clouds that only listen. */
export function world(more: Partial<Runtime> = {}) {
  const told: { readonly alexa: object[]; readonly google: object[] } = { alexa: [], google: [] };
  const calls = telling(
    {
      alexa: async (message) => void told.alexa.push(message),
      google: async (message) => void told.google.push(message),
      alexaToken: () => 'access-token-from-Amazon',
    },
    household,
  );
  const publisher = memoryPublisher({ verify: false });
  const silent = () => undefined;
  const logger = { debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
  const runtime = nodeRuntime({
    store: memoryStore(),
    publisher,
    calls,
    sweep: true,
    speaksFor: speaksIn(household),
    logger,
    ...more,
  });
  let count = 0;
  const says = async (draft: Draft, through: Runtime = runtime) => {
    count += 1;
    const event: CloudEvent = eventFrom(draft, { id: `d${count}`, source: '/devices' });
    const principal = { kind: 'device', id: draft.subject } as const;
    const [handled] = await handle(app, [{ event, principal }], through);
    if (handled?.verdict !== 'done') throw new Error(`${handled?.verdict}: ${handled?.code}`);
  };
  return {
    runtime,
    publisher,
    told,
    says,
    thermostat: (setpointCelsius: number, mode: 'heat' | 'off' = 'heat') =>
      says(thermostat.events.status('t1', { celsius: 19.5, setpointCelsius, mode })),
    lock: (isLocked: boolean, isJammed = false) =>
      says(lock.events.status('l1', { isLocked, isJammed })),
    /** Resolves when an event of this type has gone out. */
    async sent(type: string): Promise<void> {
      while (!publisher.published.some(({ event }) => event.type === type))
        await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
