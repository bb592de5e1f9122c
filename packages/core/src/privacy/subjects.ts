import { drive, load, query, type Task } from '../app/effect.ts';
import { readRecord } from '../app/record.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Readable } from '../model/reads.ts';
import type { Runtime } from '../ports/runtime.ts';

/** Finds everything that belongs to an owner: the subjects of homes, devices, accounts. The owner itself need not be among them. */
export type SubjectsOf = (owner: string, runtime: Runtime) => AsyncIterable<string>;

/** Records of one kind that are found by a tag which names something that belongs to the owner already. */
export type OwnedBy = readonly [records: Readable, tag: string];

const pageSize = 100;

/**
 * Finds subjects by tags, from the owner on: `ownedBy([home, 'owner'], [thermostat, 'home'])` are the homes whose tag `owner` is the owner,
 * and the thermostats whose tag `home` is one of those.
 *
 * Each link is followed from everything that was found so far, in the order given. An index may be behind: what no longer carries the
 * tag is nobody's.
 *
 * @throws {HearthError} `invalid-definition` for a link to what has no record; when subjects are asked for, `store-unavailable`.
 */
export function ownedBy(...links: readonly OwnedBy[]): SubjectsOf {
  for (const [records, tag] of links) {
    if ((records as Partial<Readable> | undefined)?.record !== undefined && tag !== '') continue;
    const message = 'ownedBy needs pairs of what has records and a tag of theirs.';
    throw new HearthError('invalid-definition', message, { field: 'ownedBy' });
  }
  return async function* found(owner, runtime) {
    const known = new Set([owner]);
    for (const link of links) {
      // What the link itself finds is followed, too: groups in groups.
      for (const from of known) {
        for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
          isFirst = false;
          const page = await drive(tagged(link, from, cursor), runtime);
          ({ cursor } = page);
          for (const subject of page.subjects) {
            if (known.has(subject)) continue;
            known.add(subject);
            yield subject;
          }
        }
      }
    }
  };
}

interface Page {
  readonly subjects: readonly string[];
  readonly cursor: string | undefined;
}

function* tagged(
  [{ record }, tag]: OwnedBy,
  value: string,
  cursor: string | undefined,
): Task<Page> {
  const more = cursor === undefined ? {} : { cursor };
  const page = yield* query({ handler: record.key, tag, value, limit: pageSize, ...more });
  if (isHearthError(page)) throw page;
  const stored = page.keys.length === 0 ? [] : yield* load(page.keys);
  if (isHearthError(stored)) throw stored;
  const subjects = page.keys
    .map((key) => key.slice(record.key.length + 1))
    .filter((subject, at) => {
      const { erased, state } = readRecord(record, subject, stored[at]);
      return !erased && record.tagsOf(state as never, subject)[tag] === value;
    });
  return { subjects, cursor: page.cursor };
}
