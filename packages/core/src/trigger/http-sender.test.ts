import { expect, it } from 'vitest';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import { bearerToken, httpSender } from './http-sender.ts';

const lines: object[] = [];
const note = (fields: object) => void lines.push(fields);
const runtime = {
  store: memoryStore(),
  publisher: memoryPublisher(),
  clock: { now: () => 0, sleep: async () => undefined, within: async () => undefined as never },
  logger: { debug: note, info: note, warn: note, error: note, fatal: note },
};
const service = { kind: 'service', id: 'broker' } as const;

it.each([
  ['nobody, without an option', undefined, { kind: 'anonymous', id: '' }],
  ['one principal for everybody', service, service],
  ['whom a function finds', () => service, service],
  ['whom a function finds later', async () => service, service],
  ['nobody who proved it', () => undefined, undefined],
  ['nobody who proved it, in JavaScript', () => null as never, undefined],
])('a request is sent by %s', async (_, from, sender) => {
  expect(await httpSender(from, {}, runtime)).toEqual(sender);
});

it.each([
  ['throws', () => Promise.reject(new Error('Bearer secret'))],
  ['gives a text', () => 'broker' as never],
  ['gives no id', () => ({ kind: 'service' }) as never],
])('a request is sent by who knows whom, if the function %s', async (_, from) => {
  lines.length = 0;
  expect(await httpSender(from, {}, runtime)).toBe('unknown');
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

it('waits no longer than to the deadline for who sends a request', async () => {
  const asked: number[] = [];
  const within = async (ms: number) => {
    asked.push(ms);
    throw new Error('late');
  };
  const late = { ...runtime, deadline: 250, clock: { ...runtime.clock, within } };
  const never = () => new Promise<undefined>(() => undefined);
  expect(await httpSender(never, {}, late)).toBe('unknown');
  expect(await httpSender(never, {}, { ...late, deadline: -1 })).toBe('unknown');
  expect(asked).toEqual([250, 0]);
});

it.each([
  ['Bearer a.b-c_~+/==', 'a.b-c_~+/=='],
  ['bearer  x', 'x'],
  ['Basic x', undefined],
  ['Bearer x, Bearer y', undefined],
  ['Bearer x y', undefined],
  ['', undefined],
  [null, undefined],
])('the token in the header "%s" is %s', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
