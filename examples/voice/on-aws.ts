import { iotRule, schedule, type AwsOptions, type HttpEvent } from '@hearth/adapter-aws';
import { nodeRuntime } from '@hearth/node';
import type { AlexaRequest } from './alexa.ts';
import { answerAlexa, answerGoogle, tokenOf } from './answer.ts';
import type { GoogleRequest } from './google.ts';
import { app, reports } from './home.ts';
import { speaksIn, type Household } from './household.ts';

/** The functions: behind a rule of AWS IoT, behind the skill, behind a function URL, and behind a schedule. */
export function onAws(given: AwsOptions, household: Household) {
  const options = { ...given, speaksFor: speaksIn(household) };
  // Devices are heard by other processes than those that ask them.
  const answering = { runtime: nodeRuntime(options), household, pollMs: 300 };
  return {
    devices: iotRule(app, { ...options, topics: reports }),
    sweep: schedule(app, options),
    alexa: (request: AlexaRequest) => answerAlexa(request, answering),
    async google({ headers, body = '{}' }: Pick<HttpEvent, 'headers' | 'body'>) {
      const request = JSON.parse(body) as GoogleRequest;
      const answer = await answerGoogle(request, tokenOf(headers['authorization']), answering);
      return { statusCode: 200, body: JSON.stringify(answer) };
    },
  };
}
