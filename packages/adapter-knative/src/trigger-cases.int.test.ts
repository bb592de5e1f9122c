import { encodeHttpBinary, encodeHttpStructured } from '@hearth/core/event';
import { triggerCases } from '@hearth/testing/conformance';
import type { OpenTrigger } from '@hearth/testing/conformance';
import { describe, it } from 'vitest';
import { batched, byKnative, opener, single } from '../test/sending.ts';

const ways: readonly (readonly [name: string, open: OpenTrigger, not: readonly string[]])[] = [
  ['in structured mode', opener(byKnative(), single(encodeHttpStructured)), []],
  [
    'in binary mode',
    opener(byKnative(), single(encodeHttpBinary)),
    // A header is text: numbers and booleans of extensions that nobody knows stay texts.
    ['hands on an event as it was sent'],
  ],
  [
    'to a broker that files dead letters',
    opener(byKnative({ rejected: 'refuse' }), single(encodeHttpStructured)),
    [],
  ],
  [
    'in batches',
    opener(byKnative({ batch: true }), batched),
    // What is no JSON cannot be an element; here it is sent as a JSON text, and kept as one.
    ['keeps the text of a message that is no event'],
  ],
];

describe.each(ways)('knative, %s,', (_, open, not) => {
  it.each(triggerCases.filter(({ name }) => !not.includes(name)))('$name', ({ run }) => run(open));
});
