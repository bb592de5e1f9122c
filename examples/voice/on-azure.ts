import type { app as functionApp } from '@azure/functions';
import { timer, type AzureOptions } from '@hearth/adapter-azure';
import { nodeRuntime } from '@hearth/node';
import type { AlexaRequest } from './alexa.ts';
import { answerAlexa, answerGoogle, tokenOf } from './answer.ts';
import type { GoogleRequest } from './google.ts';
import { app } from './home.ts';
import { speaksIn, type Household } from './household.ts';

/** Registers the functions that vendors call, and a timer. */
export function onAzure(
  functions: typeof functionApp,
  given: AzureOptions,
  household: Household,
): void {
  const options = { ...given, speaksFor: speaksIn(household) };
  const answering = { runtime: nodeRuntime(options), household, pollMs: 300 };
  functions.timer('sweep', timer(app, { ...options, schedule: '0 * * * * *' }));
  functions.http('google', {
    methods: ['POST'],
    authLevel: 'anonymous',
    async handler(request) {
      const token = tokenOf(request.headers.get('authorization'));
      const asked = (await request.json()) as GoogleRequest;
      return { jsonBody: await answerGoogle(asked, token, answering) };
    },
  });
  functions.http('alexa', {
    methods: ['POST'],
    // The skill's Lambda function, which Alexa wants, passes directives on with the function's key.
    authLevel: 'function',
    handler: async (request) => ({
      jsonBody: await answerAlexa((await request.json()) as AlexaRequest, answering),
    }),
  });
}
