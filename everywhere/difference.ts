import type { Ending } from './living.ts';

const most = 6;

/** Names what is not the same in two endings, a few things of each kind; nothing if they are the same. */
export function differences(expected: Ending, found: Ending): readonly string[] {
  return [
    ...inRecords(expected.records, found.records),
    ...(['emitted', 'letters', 'answers'] as const).flatMap((what) =>
      inLists(what, expected[what], found[what]),
    ),
  ];
}

function inRecords(expected: Ending['records'], found: Ending['records']): readonly string[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const other = keys.filter((key) => expected[key] !== found[key]);
  return other
    .slice(0, most)
    .map((key) => `record ${key}\n  expected ${expected[key]}\n  found    ${found[key]}`);
}

function inLists(
  what: string,
  expected: readonly string[],
  found: readonly string[],
): readonly string[] {
  const missing = without(expected, found);
  const surplus = without(found, expected);
  return [
    ...missing.slice(0, most).map((each) => `${what}: missing ${each}`),
    ...surplus.slice(0, most).map((each) => `${what}: surplus ${each}`),
  ];
}

/** What is in one list and not in the other, as often as it is there too often. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = [...other];
  return list.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
