import type { CallFunctions } from '@hearth/core';
import { alexaChange, alexaLate, type AlexaLater } from './alexa.ts';
import { googleReport } from './google.ts';
import type { tell } from './home.ts';
import type { Household } from './household.ts';

/** How messages get to the vendors' clouds. They throw when a message was not taken. */
export interface Vendors {
  /** Posts to Alexa's event gateway. */
  alexa(message: object): Promise<void>;
  /** Posts to Google's Home Graph: report state and notifications. */
  google(message: object): Promise<void>;
  /** The access token with which the event gateway knows a user. */
  readonly alexaToken: (device: string) => string;
}

/** Performs the calls by which vendors hear of late answers and of changes. */
export function telling(vendors: Vendors, { usersOf }: Household): CallFunctions<typeof tell> {
  return {
    'com.acme.voice.tell': async (
      { to, status },
      { subject: device, idempotencyKey: messageId },
    ) => {
      const token = vendors.alexaToken(device);
      if (to?.['vendor'] === 'alexa')
        await vendors.alexa(alexaLate(to as AlexaLater, device, status, { messageId, token }));
      if (to?.['vendor'] === 'google') {
        const { user = '', requestId = '', followUpToken = '' } = to;
        await vendors.google(googleReport(user, device, status, { requestId, followUpToken }));
      }
      if (to !== null || status === null) return {};
      await vendors.alexa(alexaChange(device, status, { messageId, token }));
      for (const user of usersOf(device))
        await vendors.google(googleReport(user, device, status, { requestId: messageId }));
      return {};
    },
  };
}
