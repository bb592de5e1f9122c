import type { Input } from '@hearth/core';
import type { Plan, PublishCall, PublishFault, StoreCall, StoreFault } from './faults.ts';

/** One way in which a story may be told: what is different, and what goes wrong. */
export interface Perturbation {
  readonly name: string;
  readonly cascade: 'inline' | 'bus';
  /** Whether something sweeps, so that an input is done once it is saved; `true` unless told otherwise. */
  readonly sweep?: boolean;
  /** The inputs (counted from 0) that come in one batch with the one before; absent means each by itself. */
  readonly batches?: ReadonlySet<number>;
  /** Whether no batch holds more than one `when` says: then even another order must not matter. */
  readonly isOneRound?: boolean;
  /** Whether every input comes twice at once. */
  readonly doubled?: boolean;
  /** What comes again at the end. */
  readonly again?: readonly Input[];
  /** The step (from 1) at which the process dies. */
  readonly crash?: number;
  /** Whether a sweep comes before the second delivery. */
  readonly sweptFirst?: boolean;
  readonly store?: () => Plan<StoreCall, StoreFault>;
  readonly publisher?: () => Plan<PublishCall, PublishFault>;
  /** Another process that begins after so many steps; with a seed it takes its steps at random between those of the first. */
  readonly rival?: {
    readonly does: 'the same' | 'sweeps';
    readonly after: number;
    readonly seed?: number;
  };
}
