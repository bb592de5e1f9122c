import type { Ref } from './handler.ts';

/**
 * Where subjects belong, as records tell: asked only by a runtime that has a `region`, before anything else is looked at.
 *
 * `look` names the records that tell of a subject; `region` says it from what they hold, or asks for further records, which are added
 * to the others; `undefined` if nothing is known.
 */
export interface Residence {
  readonly look: (subject: string) => readonly Ref[];
  readonly region: (held: readonly unknown[]) => string | readonly Ref[] | undefined;
}
