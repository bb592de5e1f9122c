import type { ProxyAnswer, ProxyFault, ProxyRequest } from '@hearth/emulators/faulty-proxy';

/** Makes a plan that lets single entries of a batch fail: the emulator never sees them, and its answer says that it refused them. */
export type FailEntries = (request: ProxyRequest, ids: readonly string[]) => ProxyFault | undefined;

interface JsonEntry {
  readonly Id?: string;
  readonly MessageBody?: string;
  readonly Detail?: string;
}

const isOneOf = (text: string, ids: readonly string[]) =>
  ids.some((id) => text.includes(`"id":"${id}"`));

const json = (answer: Pick<ProxyAnswer, 'headers'>, body: unknown): ProxyAnswer => ({
  status: 200,
  headers: { ...answer.headers, 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});

/** For `SendMessageBatch` of SQS. */
export const failSqs: FailEntries = ({ headers, body }, ids) => {
  if (!String(headers['x-amz-target']).endsWith('.SendMessageBatch')) return undefined;
  const request = JSON.parse(body.toString()) as { readonly Entries: readonly JsonEntry[] };
  const refused = request.Entries.filter(({ MessageBody = '' }) => isOneOf(MessageBody, ids));
  if (refused.length === 0) return undefined;
  const Failed = refused.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
  const Entries = request.Entries.filter((entry) => !refused.includes(entry));
  if (Entries.length === 0) return { answer: json({ headers: {} }, { Successful: [], Failed }) };
  const change = (answer: ProxyAnswer) =>
    json(answer, { ...(JSON.parse(answer.body.toString()) as object), Failed });
  return { change: { body: JSON.stringify({ ...request, Entries }), answer: change } };
};

/** For `PutEvents` of EventBridge, whose results have no ids but an order. */
export const failEvents: FailEntries = ({ headers, body }, ids) => {
  if (!String(headers['x-amz-target']).endsWith('.PutEvents')) return undefined;
  const request = JSON.parse(body.toString()) as { readonly Entries: readonly JsonEntry[] };
  const isRefused = request.Entries.map(({ Detail = '' }) => isOneOf(Detail, ids));
  if (!isRefused.includes(true)) return undefined;
  const Entries = request.Entries.filter((_, index) => isRefused[index] === false);
  const merge = (taken: readonly unknown[]) => {
    const rest = [...taken];
    return {
      FailedEntryCount: isRefused.filter(Boolean).length,
      Entries: isRefused.map((no) => (no ? { ErrorCode: 'InternalFailure' } : rest.shift())),
    };
  };
  if (Entries.length === 0) return { answer: json({ headers: {} }, merge([])) };
  const change = (answer: ProxyAnswer) => {
    const given = JSON.parse(answer.body.toString()) as { readonly Entries: readonly unknown[] };
    return json(answer, merge(given.Entries));
  };
  return { change: { body: JSON.stringify({ ...request, Entries }), answer: change } };
};

const entryPrefix = /^PublishBatchRequestEntries\.(?:member|entry)\.(\d+)\./;

/** For `PublishBatch` of SNS, which speaks forms and XML. */
export const failSns: FailEntries = ({ body }, ids) => {
  const form = [...new URLSearchParams(body.toString())];
  const numberOf = (name: string) => entryPrefix.exec(name)?.[1];
  const refused = new Set(
    form.flatMap(([name, value]) =>
      name.endsWith('.Message') && isOneOf(value, ids) ? numberOf(name) : [],
    ),
  );
  if (refused.size === 0) return undefined;
  const members = form.flatMap(([name, Id]) =>
    name.endsWith('.Id') && refused.has(numberOf(name)) ? [member(Id)] : [],
  );
  const Failed = `<Failed>${members.join('')}</Failed>`;
  const kept = form.filter(([name]) => !refused.has(numberOf(name) ?? ''));
  const numbers = [...new Set(kept.flatMap(([name]) => numberOf(name) ?? []))];
  const headers = { 'content-type': 'text/xml' };
  if (numbers.length === 0) {
    const result = `<PublishBatchResult><Successful/>${Failed}</PublishBatchResult>`;
    const answer = `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${result}</PublishBatchResponse>`;
    return { answer: { status: 200, headers, body: answer } };
  }
  // Entries are numbered without gaps.
  const renumbered = kept.map(([name, value]): [string, string] => [
    name.replace(/\.(\d+)\./, (all, n: string) =>
      numbers.includes(n) && entryPrefix.test(name) ? `.${numbers.indexOf(n) + 1}.` : all,
    ),
    value,
  ]);
  const change = (answer: ProxyAnswer): ProxyAnswer => {
    const text = answer.body.toString().replace(/<Failed\s*\/>|<Failed>\s*<\/Failed>/, '');
    return {
      ...answer,
      body: text.replace('</PublishBatchResult>', `${Failed}</PublishBatchResult>`),
    };
  };
  return { change: { body: new URLSearchParams(renumbered).toString(), answer: change } };
};

function member(id: string): string {
  return `<member><Id>${id}</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>`;
}

/** For `Publish` of AWS IoT, which takes one message: the whole request fails. */
export const failIot: FailEntries = ({ body }, ids) => {
  if (!isOneOf(body.toString(), ids)) return undefined;
  const headers = {
    'content-type': 'application/json',
    'x-amzn-errortype': 'InternalFailureException',
  };
  return { answer: { status: 500, headers, body: '{"message":"No."}' } };
};
