import { randomUUID } from 'node:crypto';
import { ask, eventFrom, handle, type Asked, type Draft, type Runtime } from '@hearth/core';
import {
  alexaAnswer,
  alexaDiscovery,
  alexaLater,
  alexaWants,
  failure,
  type AlexaMessage,
  type AlexaRequest,
} from './alexa.ts';
import {
  googleAnswer,
  googleQuestions,
  googleSync,
  type GoogleOutcome,
  type GoogleQuestion,
  type GoogleRequest,
} from './google.ts';
import { app, asked, deferred, type Wants } from './home.ts';
import type { Household } from './household.ts';

/** What answers are made with. `withinMs` is how long a vendor is kept waiting. */
export interface Answering {
  readonly runtime: Runtime;
  readonly household: Household;
  readonly withinMs?: number;
  /** How often to look whether another process has heard the device; where each request has its own, some 300 ms. */
  readonly pollMs?: number;
}

/** Answers a directive of Alexa, which waits for 8 s. */
export async function answerAlexa(
  request: AlexaRequest,
  answering: Answering,
): Promise<AlexaMessage> {
  const { header, endpoint, payload = {} } = request.directive;
  const messageId = randomUUID();
  const scope = (endpoint?.scope ?? payload['scope'] ?? payload['grantee']) as
    | { token?: string }
    | undefined;
  const user = answering.household.userOf(scope?.token ?? '');
  const refuse = (code: string) =>
    failure(alexaLater(request), endpoint?.endpointId ?? '', code, messageId);
  if (user === undefined) return refuse('who-are-you');
  if (header.name === 'Discover')
    return alexaDiscovery(answering.household.devicesOf(user), messageId);
  const wants = alexaWants(request);
  if (wants === undefined || endpoint === undefined) return refuse('not-supported');
  const question = { id: header.messageId, source: '/alexa', device: endpoint.endpointId, user };
  const answer = await put({ ...question, wants, later: alexaLater(request) }, answering, 6000);
  return alexaAnswer(request, answer, messageId);
}

/** Answers a request of Google, which waits for 5 s. */
export async function answerGoogle(
  request: GoogleRequest,
  token: string,
  answering: Answering,
): Promise<object> {
  const { household } = answering;
  const user = household.userOf(token);
  const { requestId } = request;
  if (user === undefined) return { requestId, payload: { errorCode: 'authFailure' } };
  const intent = request.inputs[0]?.intent;
  if (intent === 'action.devices.SYNC')
    return googleSync(requestId, user, household.devicesOf(user));
  if (intent === 'action.devices.DISCONNECT') return {};
  const answers = googleQuestions(request).map(
    async (question, nth): Promise<readonly [GoogleQuestion, GoogleOutcome]> => {
      const { id: device, wants, followUpToken } = question;
      const challenge = challengeOf(question, user, household);
      if (challenge !== undefined) return [question, challenge];
      if (wants === undefined) return [question, { outcome: 'rejected', code: 'not-supported' }];
      const later = { vendor: 'google', requestId, followUpToken, user };
      const id = `${requestId}/${nth}`;
      const asking = { id, source: '/google', device, user, wants, later };
      return [question, await put(asking, answering, 4000)];
    },
  );
  return googleAnswer(request, await Promise.all(answers));
}

function challengeOf(
  { pin }: GoogleQuestion,
  user: string,
  household: Household,
): GoogleOutcome | undefined {
  if (pin === null) return undefined;
  if (pin === undefined) return { outcome: 'challenge', type: 'pinNeeded' };
  return household.isPin(user, pin)
    ? undefined
    : { outcome: 'challenge', type: 'challengeFailedPinNeeded' };
}

interface Question {
  readonly id: string;
  readonly source: string;
  readonly device: string;
  readonly user: string;
  readonly wants: Wants;
  readonly later: Readonly<Record<string, string>>;
}

/** Puts a question to the app; who is told that the answer comes later will get it. */
async function put(
  { id, source, device, user, wants, later }: Question,
  { runtime, withinMs, pollMs }: Answering,
  usualMs: number,
): Promise<Asked> {
  const input = (draft: Draft, as: string) => ({
    event: eventFrom(draft, { id: as, source }),
    principal: { kind: 'user', id: user } as const,
  });
  const question = input(asked(device, { wants, later }), id);
  const answer = await ask(app, question, runtime, {
    withinMs: withinMs ?? usualMs,
    ...(pollMs === undefined ? {} : { pollMs }),
  });
  if (answer.outcome !== 'deferred') return answer;
  const told = input(deferred(device, { question: id, later }), `${id}/deferred`);
  const [handled] = await handle(app, [told], runtime);
  if (handled?.verdict === 'done') return answer;
  return { outcome: 'retry', code: handled?.code ?? 'store-unavailable' };
}

/** The token of an `authorization` header. */
export function tokenOf(authorization: string | null | undefined): string {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
}
