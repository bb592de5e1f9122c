import type { Outgoing } from './publisher.ts';
import { describe, expect, it } from 'vitest';
import { memoryDeadLetters } from './memory-dead-letters.ts';

function outgoing(id: string, subject?: string, source = 'urn:app'): Outgoing {
  const about = subject === undefined ? {} : { subject };
  const event = { specversion: '1.0', id, source, type: 'rejected', ...about } as const;
  return { event, body: JSON.stringify(event) };
}

describe('memoryDeadLetters', () => {
  it('keeps a letter once, and gives and removes it by its id', async () => {
    const letters = memoryDeadLetters();
    await letters.publish([outgoing('1'), outgoing('1'), outgoing('1', 's', 'urn:other')]);
    expect(letters.letters).toHaveLength(2);
    expect(await letters.get('1')).toMatchObject({ source: 'urn:app' });
    expect(await letters.remove('1')).toBe(true);
    expect(await letters.remove('1')).toBe(false);
    expect(await letters.get('1')).toBeUndefined();
    await expect(letters.list({ limit: 1, cursor: 'x' })).rejects.toMatchObject({
      field: 'cursor',
    });
  });

  it('finds and erases what says of no subject by its text, as a whole word', async () => {
    const letters = memoryDeadLetters();
    const raw = (id: string, text: string): Outgoing => {
      const event = { specversion: '1.0', id, source: 'urn:app', type: 'rejected' } as const;
      return { event, body: JSON.stringify({ ...event, data: { raw: text } }) };
    };
    const about = [outgoing('1', 'ada'), raw('2', '{"to":"ada"}'), raw('3', '{"to":"adam"}')];
    await letters.publish([...about, outgoing('4', 'bob')]);
    const first = await letters.list({ limit: 1, subject: 'ada' });
    const { cursor = '' } = first;
    const last = await letters.list({ limit: 1, subject: 'ada', cursor });
    expect([first, last].map((page) => page.letters.map(({ id }) => id))).toEqual([['1'], ['2']]);
    expect(last.cursor).toBeUndefined();
    expect(await letters.erase('ada')).toBe(2);
    expect((await letters.list({ limit: 9 })).letters.map(({ id }) => id)).toEqual(['3', '4']);
  });
});
