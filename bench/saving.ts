import type { StateStore } from '@hearth/core';
import type { Figures } from './figure.ts';
import { duel, type DuelOptions, type Work } from './rounds.ts';

/** What the client of a database does without a store: one conditional write of one record, with nothing indexed. */
export interface BareClient {
  /** Writes a record that is not there yet, and resolves to its version. */
  create(key: string, body: string): Promise<string>;
  /** Writes a record if it still has this version, and resolves to the next one; rejects if it has another. */
  update(key: string, body: string, version: string): Promise<string>;
}

/** How many records each side has, and how many saves are under way at once in `.concurrent`. */
const sizes = { records: 128, lanes: 16 };

/** An idle thermostat with a full inbox has about this many bytes. */
const padding = 'x'.repeat(1_000);

const bodyOf = (n: number): string => `{"seen":"${padding}","f":1,"v":1,"s":{"celsius":${n}}}`;

type Save = (key: string, body: string, version: string | null) => Promise<string>;

/**
 * Measures a store's `save` with one write of one record of 1 kB, one call after the other (`store.<name>`) and 16 at once
 * (`store.<name>.concurrent`), against the bare client in the same manner. `against` names the client's call.
 */
export async function savingFigures(
  name: string,
  store: StateStore,
  client: BareClient,
  against: string,
  options: DuelOptions & { readonly note?: string } = {},
): Promise<Figures> {
  const { note, ...given } = options;
  const ours = await saver(saveBy(store));
  const peer = await saver(saveBare(client));
  const figures: Record<string, Figures[string]> = {};
  for (const [suffix, lanes] of [
    ['', 1],
    ['.concurrent', sizes.lanes],
  ] as const) {
    const { ours: rate, ratio } = await duel(ours(lanes), peer(lanes), {
      clock: 'wall',
      multipleOf: sizes.lanes,
      ...given,
    });
    figures[`store.${name}${suffix}`] = {
      value: rate.perSecond,
      best: rate.best,
      unit: 'saves/s',
      ratio,
      against: `${against}, ${lanes === 1 ? 'one at a time' : `${lanes} at once`}`,
      ...(note === undefined ? {} : { note }),
    };
  }
  return figures;
}

function saveBy(store: StateStore): Save {
  return async (key, body, expected) => {
    const [result] = await store.save([{ key, expected, body, due: null, tags: {} }]);
    if (result?.outcome === 'saved') return result.version;
    throw new Error(`A save of "${key}" was ${result?.outcome}.`);
  };
}

function saveBare(client: BareClient): Save {
  return (key, body, version) =>
    version === null ? client.create(key, body) : client.update(key, body, version);
}

/** Makes the records, and gives work for so many lanes; each lane has records of its own, so that nothing conflicts. */
async function saver(save: Save): Promise<(lanes: number) => Work> {
  const versions = new Map<string, string>();
  const keys = Array.from({ length: sizes.records }, (_, n) => `thermostat/t${n}`);
  for (const key of keys) versions.set(key, await save(key, bodyOf(0), null));
  let n = 0;
  const lane = async (first: number, lanes: number, count: number) => {
    for (let done = 0; done < count; done += 1) {
      const key = keys[(first + done * lanes) % keys.length] as string;
      n += 1;
      versions.set(key, await save(key, bodyOf(n), versions.get(key) ?? null));
    }
  };
  return (lanes) => async (count) => {
    const each = count / lanes;
    await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first, lanes, each)));
  };
}
