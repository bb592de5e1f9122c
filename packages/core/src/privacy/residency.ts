import { HearthError } from '../event/error.ts';
import type { Part, Ref } from '../model/handler.ts';
import type { Readable } from '../model/reads.ts';

/** How an app knows where its homes are kept; see `residency`. */
export interface ResidencyOptions<S> {
  /** Who knows the region: a home, or whatever a device's binding names. */
  readonly home: Readable<S>;
  /** Which part of its state is the region; `null` or `undefined` while nobody has said. */
  readonly region: (home: S) => string | null | undefined;
  /** The devices that live in homes. */
  readonly devices?: readonly Readable[];
}

/**
 * A part that tells a runtime with a `region` which homes are kept elsewhere, from the records of homes and of the bindings of devices.
 *
 * An event of a home, or of a device that lives in it, is refused in every other region (`wrong-region`) before anything of it is saved
 * or logged. What was found is believed for a minute. A home that this store has never heard of has no region here: give the runtime a
 * `regionOf`, from a directory that all regions share, if stores are apart.
 *
 * @throws {HearthError} `invalid-definition` when there is nothing to read.
 */
export function residency<S>({ home, region, devices = [] }: ResidencyOptions<S>): Part {
  for (const one of [home, ...devices]) {
    if ((one as Partial<Readable> | undefined)?.record !== undefined) continue;
    const message = 'residency({ home, devices }) was given what has no record.';
    throw new HearthError('invalid-definition', message, { field: 'home' });
  }
  const homeRef = (subject: string): Ref => ({ record: home.record, subject, view: home.view });
  const look = (subject: string): readonly Ref[] => [
    homeRef(subject),
    ...devices.map(({ record }) => ({ record, subject, view: homeOf })),
  ];
  const asked = 1 + devices.length;
  return {
    handlers: [],
    defines: [],
    residence: {
      look,
      region(held) {
        const own = region(held[0] as S) ?? undefined;
        if (own !== undefined) return own;
        if (held.length > asked) return region(held[asked] as S) ?? undefined;
        const lives = held.slice(1).find((one) => typeof one === 'string');
        return lives === undefined ? undefined : [homeRef(lives)];
      },
    },
  };
}

const homeOf = (kept: unknown): unknown =>
  (Object(kept) as { readonly home?: unknown }).home ?? null;
