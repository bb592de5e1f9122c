import { sharedToken } from '@hearth/adapter-knative';
import { setting } from './settings.ts';

/** Lets in the broker, which carries its token in the addresses that it sends to. */
export const broker = sharedToken({
  tokens: () => [setting('BROKER_TOKEN')],
  principal: { kind: 'service', id: 'broker' },
});
