import { by, defineApp, defineEvent, defineHandler, type Outcome } from '@hearth/core';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { has, specify } from './index.ts';

const list = z.object({ names: z.array(z.string()) });
const came = defineEvent('com.acme.came', list);
const club = defineHandler({ name: 'club', state: list, initial: { names: [] } });

function changed(names: string[]): string[] {
  names[0] = 'anna';
  return names;
}

/** An app with a step that changes something in place, as a story tells it. */
function story(step: (input: Record<'state' | 'event' | 'reads', never>) => Outcome) {
  const book = defineHandler({
    name: 'book',
    state: list,
    initial: { names: [] },
    reads: { club: by(club, () => 'c') },
  }).on(came, step as () => Outcome<{ names: string[] }>);
  const members = club.on(came, () => ({}));
  const app = defineApp({ source: 'urn:acme', parts: [book, members] });
  const event = came('b', { names: ['zoe', 'anna'] });
  return () =>
    specify(app)
      .given(
        has(members, 'c', { names: ['zoe', 'anna'] }),
        has(book, 'b', { names: ['zoe', 'anna'] }),
      )
      .when(event)
      .leaves(book.ref('b'), { names: ['anna', 'zoe'] });
}

it.each<[string, Parameters<typeof story>[0]]>([
  [
    'the data of its event',
    ({ event: { data } }: { event: { data: { names: string[] } } }) => ({
      state: { names: changed(data.names) },
    }),
  ],
  [
    'its state',
    ({ state }: { state: { names: string[] } }) => ({ state: { names: changed(state.names) } }),
  ],
  [
    'what it reads',
    ({ reads }: { reads: { club: { names: string[] } } }) => ({
      state: { names: changed(reads.club.names) },
    }),
  ],
])('fails the story of a step that changes %s in place', (_, step) => {
  expect(story(step)).toThrow('step-failed');
});

it('leaves a step alone that changes copies', () => {
  const step = ({ event: { data } }: { event: { data: { names: string[] } } }) => ({
    state: { names: data.names.toSorted() },
  });
  expect(story(step)).not.toThrow();
});
